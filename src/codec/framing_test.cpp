#include <torc/codec/framing.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace torc::codec {
namespace {

// Gives `text` to the collector a byte at a time; how many bytes it took.
std::size_t feed(ByteCollector& collector, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string_view byte = text.substr(i, 1);
    if (collector.take(byte)) return i + (byte.empty() ? 1 : 0);
  }
  return text.size();
}

TEST(ByteCollector, TakesAsManyAsAreWantedAtAnySplit) {
  ByteCollector collector;
  collector.expect(5);
  EXPECT_EQ(feed(collector, "hello, and more"), 5u);
  EXPECT_EQ(collector.bytes(), "hello");
  collector.expect(5);
  std::string_view input = "hello, and more";
  const char* const begin = input.data();
  EXPECT_TRUE(collector.take(input));
  EXPECT_EQ(collector.bytes().data(), begin) << "what lies in one input is not copied";
  EXPECT_EQ(input, ", and more");
}

TEST(ByteCollector, NothingIsThereAtOnce) {
  ByteCollector collector;
  collector.expect(0);
  std::string_view input = "x";
  EXPECT_TRUE(collector.take(input));
  EXPECT_EQ(collector.bytes(), "");
  EXPECT_EQ(input, "x");
}

TEST(ByteCollector, PassesOverWithoutKeeping) {
  ByteCollector collector;
  collector.skip(UINT64_MAX);
  std::string_view input = "much";
  EXPECT_FALSE(collector.take(input));
  EXPECT_TRUE(input.empty());
  EXPECT_TRUE(collector.skipping());
  collector.skip(3);
  EXPECT_EQ(feed(collector, "abcd"), 3u);
  EXPECT_EQ(collector.bytes(), "");
}

TEST(ByteCollector, LetsGoOfTheLastWhenAnotherIsExpected) {
  ByteCollector collector;
  collector.skip(2);
  EXPECT_EQ(feed(collector, "ab"), 2u);
  collector.expect(1);
  EXPECT_FALSE(collector.skipping());
  EXPECT_EQ(collector.bytes(), "");
  EXPECT_EQ(feed(collector, "c"), 1u);
  EXPECT_EQ(collector.bytes(), "c");
}

}  // namespace
}  // namespace torc::codec
