#include <torc/codec/length_prefixed.hpp>

#include "codec/framing_every_split.hpp"

#include <gtest/gtest.h>

namespace torc::codec {
namespace {

using namespace std::string_view_literals;

std::string strings(Prefix prefix, std::string_view stream, std::size_t limit = 64 * 1024) {
  return testing::said([&] { return PrefixedReader(prefix, limit); }, stream);
}

TEST(PrefixedReader, GivesStrings) {
  EXPECT_EQ(strings(Prefix::k8, "\x03one\x00\x05threex"sv), "[one][][three]");
  EXPECT_EQ(strings(Prefix::k16, "\x00\x03one\x00\x00\x01\x00"sv), "[one][]");
  EXPECT_EQ(strings(Prefix::k16, "\x01\x02"sv), "");
  EXPECT_EQ(strings(Prefix::k32, "\x00\x00\x00\x02hi\x00\x00\x00\x01!"sv), "[hi][!]");
}

TEST(PrefixedReader, PassesOverAStringThatIsTooLong) {
  EXPECT_EQ(strings(Prefix::k8,
                    "\x04"
                    "four\x05"
                    "fiveX\x02"
                    "ab"sv,
                    4),
            "[four]![ab]");
  EXPECT_EQ(strings(Prefix::k8,
                    "\x01"
                    "a\x00"sv,
                    0),
            "![]");
}

TEST(PrefixedReader, RefusesALengthBeforeItTakesMemory) {
  PrefixedReader reader(Prefix::k32, 1000);
  std::string_view input = "\xff\xff\xff\xff"sv;
  EXPECT_EQ(reader.next(input), Framed::kTooLong);
  EXPECT_EQ(reader.announced(), 0xffffffffu);
  const std::string much(100'000, 'x');
  input = much;
  EXPECT_EQ(reader.next(input), Framed::kNeedMore);
  EXPECT_TRUE(input.empty());
  EXPECT_TRUE(reader.partial());
}

TEST(PrefixedReader, GivesAStringOfOneInputWithoutCopyingIt) {
  PrefixedReader reader(Prefix::k8);
  const std::string_view stream = "\x03one";
  std::string_view input = stream;
  EXPECT_EQ(reader.next(input), Framed::kFrame);
  EXPECT_EQ(reader.frame().data(), stream.data() + 1);
}

TEST(LengthPrefix, IsInNetworkOrder) {
  EXPECT_EQ(length_prefix(Prefix::k8, 255), "\xff");
  EXPECT_EQ(length_prefix(Prefix::k16, 258), "\x01\x02");
  EXPECT_EQ(length_prefix(Prefix::k32, 0x01020304), "\x01\x02\x03\x04");
  EXPECT_DEATH(length_prefix(Prefix::k8, 256), "longer than its length prefix can say");
}

}  // namespace
}  // namespace torc::codec
