#include "codec/framing_transcript.hpp"

#include <torc/codec/length_prefixed.hpp>
#include <torc/codec/lines.hpp>
#include <torc/codec/netstring.hpp>

#include <gtest/gtest.h>

namespace torc::codec {
namespace {

using namespace std::string_view_literals;
using testing::bytes_of;
using testing::transcribe;

template <class Make>
std::string said(Make make, std::string_view stream) {
  return testing::at_every_split(make, stream, [&](const std::string& whole, const std::string& cut) { EXPECT_EQ(cut, whole); });
}
std::string lines(std::string_view stream, LineFormat format = {}) {
  return said([&] { return LineReader(format); }, stream);
}
std::string strings(Prefix prefix, std::string_view stream, std::size_t limit = 64 * 1024) {
  return said([&] { return PrefixedReader(prefix, limit); }, stream);
}
std::string netstrings(std::string_view stream, std::size_t limit = 100) {
  return said([&] { return NetstringReader(limit); }, stream);
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

TEST(PrefixedReader, GivesStrings) {
  EXPECT_EQ(strings(Prefix::k8, "\x03one\x00\x05threex"sv), "[one][][three]");
  EXPECT_EQ(strings(Prefix::k16, "\x00\x03one\x00\x00\x01\x00"sv), "[one][]");
  EXPECT_EQ(strings(Prefix::k16, "\x01\x02"sv), "");
  EXPECT_EQ(strings(Prefix::k32, "\x00\x00\x00\x02hi\x00\x00\x00\x01!"sv), "[hi][!]");
}

TEST(PrefixedReader, PassesOverAStringThatIsTooLong) {
  EXPECT_EQ(strings(Prefix::k8, "\x04" "four\x05" "fiveX\x02" "ab"sv, 4), "[four]![ab]");
  EXPECT_EQ(strings(Prefix::k8, "\x01" "a\x00"sv, 0), "![]");
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

TEST(NetstringReader, GivesStrings) {
  EXPECT_EQ(netstrings("5:hello,0:,3:a,b,12:twelve bytes,"), "[hello][][a,b][twelve bytes]");
  EXPECT_EQ(netstrings("5:hell"), "");
}

TEST(NetstringReader, RefusesEverythingElse) {
  for (const char* bad : {":", "a", "-1:a,", "+1:a,", " 1:a,", "01:a,", "00:,", "1a:", "1 :a,"}) EXPECT_EQ(netstrings(bad), "?") << bad;
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
