#include <torc/codec/netstring.hpp>

#include "codec/framing_every_split.hpp"

#include <gtest/gtest.h>

namespace torc::codec {
namespace {

std::string netstrings(std::string_view stream, std::size_t limit = 100) {
  return testing::said([&] { return NetstringReader(limit); }, stream);
}

TEST(NetstringReader, GivesStrings) {
  EXPECT_EQ(netstrings("5:hello,0:,3:a,b,12:twelve bytes,"), "[hello][][a,b][twelve bytes]");
  EXPECT_EQ(netstrings("5:hell"), "");
}

TEST(NetstringReader, RefusesEverythingElse) {
  for (const char* bad : {":", "a", "-1:a,", "+1:a,", " 1:a,", "01:a,", "00:,", "1a:", "1 :a,"})
    EXPECT_EQ(netstrings(bad), "?") << bad;
  EXPECT_EQ(netstrings("1:a1:b,"), "?");
  EXPECT_EQ(netstrings("1:a,3:abcd"), "[a]?");
}

TEST(NetstringReader, RefusesALengthAtTheDigitThatMakesItTooLong) {
  EXPECT_EQ(netstrings("101"), "!!");
  EXPECT_EQ(netstrings("999999999999999999999999999"), "!!");
  EXPECT_EQ(netstrings("9", 5), "!!");
  EXPECT_EQ(netstrings("5:12345,", 5), "[12345]");
  EXPECT_EQ(netstrings("18446744073709551616:", SIZE_MAX), "!!");
}

TEST(NetstringPrefix, GoesBefore) { EXPECT_EQ(netstring_prefix(12), "12:"); }

}  // namespace
}  // namespace torc::codec
