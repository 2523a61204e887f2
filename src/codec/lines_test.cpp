#include <torc/codec/lines.hpp>

#include "codec/framing_every_split.hpp"

#include <gtest/gtest.h>

namespace torc::codec {
namespace {

using testing::bytes_of;
using testing::transcribe;

std::string lines(std::string_view stream, LineFormat format = {}) {
  return testing::said([&] { return LineReader(format); }, stream);
}

TEST(LineReader, GivesLinesWithoutTheirDelimiter) {
  EXPECT_EQ(lines("one\r\n\r\ntwo\r\nrest"), "[one][][two]");
  EXPECT_EQ(lines("a\rb\nc\r\r\nd\r\n"), "[a\rb\nc\r][d]");
  EXPECT_EQ(lines("a--b---c----", {.delimiter = "--"}), "[a][b][-c][]");
  EXPECT_EQ(lines("aXabaXabab", {.delimiter = "abab"}), "[aXabaX]");
  EXPECT_EQ(lines("one\ntwo\r\n\r\nthree\r\r\n", LineFormat::lf()), "[one][two][][three\r]");
}

TEST(LineReader, PassesOverALineThatIsTooLong) {
  const LineFormat format{.max_length = 3};
  EXPECT_EQ(lines("abc\r\nabcd\r\nef\r\n", format), "[abc]![ef]");
  EXPECT_EQ(lines("abcdefghijkl\r\r\n\r\ngh\r\n", format), "![][gh]");
  EXPECT_EQ(lines("abc\r\r\nx\r\n", format), "![x]");
  EXPECT_EQ(lines("abcde", format), "!");
  EXPECT_EQ(lines("abcd", format), "");
  EXPECT_EQ(lines("\r\nx\r\n", {.max_length = 0}), "[]!");
}

TEST(LineReader, SaysTooLongBeforeMoreThanTheLimitIsHeld) {
  LineReader reader({.max_length = 10});
  for (int i = 0; i < 11; ++i) {
    std::string_view input = "x";
    EXPECT_EQ(reader.next(input), Framed::kNeedMore);
    EXPECT_TRUE(reader.partial());
  }
  std::string_view input = "x and as much more as you like, of which nothing is taken yet";
  EXPECT_EQ(reader.next(input), Framed::kTooLong);
  EXPECT_EQ(input.substr(0, 9), " and as m");
  EXPECT_EQ(reader.next(input), Framed::kNeedMore);
  EXPECT_TRUE(input.empty());
}

TEST(LineReader, GivesRawBytesByCountAndGoesOnWithLines) {
  const auto with_raw = [](const testing::Pieces& pieces) {
    LineReader reader;
    return transcribe(reader, pieces, [](LineReader& lines) {
      if (lines.frame() == "DATA 7") lines.read_raw(7);
    });
  };
  const std::string_view stream = "DATA 7\r\n12\r\n567next\r\nDATA 7\r\n123";
  for (std::size_t at = 0; at <= stream.size(); ++at)
    EXPECT_EQ(with_raw({stream.substr(0, at), stream.substr(at)}), "[DATA 7]{12\r\n567}[next][DATA 7]{123}");
  EXPECT_EQ(with_raw(bytes_of(stream)), "[DATA 7]{12\r\n567}[next][DATA 7]{123}");
}

TEST(LineReader, GivesRawBytesUntilTold) {
  LineReader reader;
  reader.read_raw();
  std::string_view input = "any\r\nbytes";
  EXPECT_EQ(reader.next(input), Framed::kRaw);
  EXPECT_EQ(reader.frame(), "any\r\nbytes");
  EXPECT_EQ(reader.next(input), Framed::kNeedMore);
  reader.read_lines();
  input = "line\r\n";
  EXPECT_EQ(reader.next(input), Framed::kFrame);
  EXPECT_EQ(reader.frame(), "line");
}

TEST(LineReaderDeathTest, NeedsADelimiter) {
  EXPECT_DEATH(LineReader({.delimiter = ""}), "a LineReader needs a delimiter of at least one byte");
}

}  // namespace
}  // namespace torc::codec
