#include "torc/http/range.hpp"

#include <gtest/gtest.h>

#include <string>

namespace torc::http {
namespace {

constexpr Range kFull{};
constexpr Range kUnsatisfiable{.kind = Range::Kind::kUnsatisfiable};

Range part(std::uint64_t first, std::uint64_t last) {
  return {.kind = Range::Kind::kPartial, .first = first, .last = last};
}

TEST(Range, GivesPositionsOfOneRange) {
  EXPECT_EQ(parse_range("bytes=0-499", 1000), part(0, 499));
  EXPECT_EQ(parse_range("bytes=500-999", 1000), part(500, 999));
  EXPECT_EQ(parse_range("bytes=500-", 1000), part(500, 999));
  EXPECT_EQ(parse_range("bytes=0-0", 1000), part(0, 0));
  EXPECT_EQ(parse_range("bytes=999-999", 1000), part(999, 999));
  EXPECT_EQ(parse_range("bytes=0-", 1), part(0, 0));
  EXPECT_EQ(part(0, 499).length(), 500u);
}

TEST(Range, GivesTheLastBytes) {
  EXPECT_EQ(parse_range("bytes=-1", 1000), part(999, 999));
  EXPECT_EQ(parse_range("bytes=-500", 1000), part(500, 999));
  EXPECT_EQ(parse_range("bytes=-1000", 1000), part(0, 999));
  EXPECT_EQ(parse_range("bytes=-1001", 1000), part(0, 999));
  EXPECT_EQ(parse_range("bytes=-99999999999999999999999", 1000), part(0, 999));
}

TEST(Range, MovesTheEndToTheEnd) {
  EXPECT_EQ(parse_range("bytes=900-1000", 1000), part(900, 999));
  EXPECT_EQ(parse_range("bytes=900-18446744073709551615", 1000), part(900, 999));
  EXPECT_EQ(parse_range("bytes=900-99999999999999999999999", 1000), part(900, 999));
  EXPECT_EQ(parse_range("bytes=0-18446744073709551615", UINT64_MAX), part(0, UINT64_MAX - 1));
}

TEST(Range, CannotBeSatisfiedBeyondTheEnd) {
  EXPECT_EQ(parse_range("bytes=1000-", 1000), kUnsatisfiable);
  EXPECT_EQ(parse_range("bytes=1000-2000", 1000), kUnsatisfiable);
  EXPECT_EQ(parse_range("bytes=18446744073709551616-", 1000), kUnsatisfiable);
  EXPECT_EQ(parse_range("bytes=99999999999999999999-99999999999999999999999", UINT64_MAX), kUnsatisfiable);
  EXPECT_EQ(parse_range("bytes=-0", 1000), kUnsatisfiable);
}

TEST(Range, OfAnEmptyRepresentation) {
  EXPECT_EQ(parse_range("bytes=0-", 0), kUnsatisfiable);
  EXPECT_EQ(parse_range("bytes=0-0", 0), kUnsatisfiable);
  EXPECT_EQ(parse_range("bytes=-0", 0), kUnsatisfiable);
  EXPECT_EQ(parse_range("bytes=-5", 0), kFull);
}

TEST(Range, ToleratesCaseOfTheUnitAndSpaceAround) {
  EXPECT_EQ(parse_range("Bytes=1-2", 10), part(1, 2));
  EXPECT_EQ(parse_range(" bytes=1-2\t", 10), part(1, 2));
  EXPECT_EQ(parse_range("bytes= 1-2", 10), part(1, 2));
  EXPECT_EQ(parse_range("bytes=001-002", 10), part(1, 2));
}

TEST(Range, IsIgnoredWhenMalformedOrInAnotherUnit) {
  for (const char* value : {"",
                            "bytes",
                            "bytes=",
                            "bytes=-",
                            "bytes=--1",
                            "bytes=1",
                            "bytes=1-2-3",
                            "bytes=2-1",
                            "bytes=a-b",
                            "bytes=1-b",
                            "bytes=a-2",
                            "bytes=0x1-2",
                            "bytes=+1-2",
                            "bytes=1-+2",
                            "bytes=1 -2",
                            "bytes=1- 2",
                            "bytes=1.0-2",
                            "bytes 1-2",
                            "bytes =1-2",
                            "bytes:1-2",
                            "items=1-2",
                            "byte=1-2",
                            "bytes=*",
                            "1-2",
                            "bytes=\xd9\xa1-2",
                            "bytes=18446744073709551615-1",
                            "bytes=-1-"}) {
    EXPECT_EQ(parse_range(value, 1000), kFull) << value;
  }
}

TEST(Range, SeveralRangesAreAnsweredWithEverything) {
  for (const char* value :
       {"bytes=0-1,2-3", "bytes=0-1, -1", "bytes=,0-1", "bytes=0-1,", "bytes=,", "bytes=5000-,0-1"}) {
    EXPECT_EQ(parse_range(value, 1000), kFull) << value;
  }
}

TEST(Range, TenThousandOverlappingRangesAreAnsweredWithEverything) {
  std::string value = "bytes=0-";
  for (int i = 1; i < 10000; ++i) value += "," + std::to_string(i) + "-";
  EXPECT_EQ(parse_range(value, 1 << 20), kFull);
}

TEST(Range, AgreesWithAWalkOverEverySmallRange) {
  for (std::uint64_t size = 0; size < 6; ++size) {
    for (std::uint64_t first = 0; first < 7; ++first) {
      for (std::uint64_t last = first; last < 8; ++last) {
        const auto range = parse_range("bytes=" + std::to_string(first) + "-" + std::to_string(last), size);
        const auto expected = first < size ? part(first, last < size ? last : size - 1) : kUnsatisfiable;
        EXPECT_EQ(range, expected) << first << '-' << last << '/' << size;
      }
    }
  }
}

TEST(ContentRange, NamesPositionsAndSize) {
  EXPECT_EQ(content_range(part(0, 499), 1234), "bytes 0-499/1234");
  EXPECT_EQ(unsatisfied_content_range(1234), "bytes */1234");
  EXPECT_EQ(unsatisfied_content_range(0), "bytes */0");
}

}  // namespace
}  // namespace torc::http
