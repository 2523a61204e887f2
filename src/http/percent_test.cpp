#include "torc/http/percent.hpp"

#include <gtest/gtest.h>

#include <string>

namespace torc::http {
namespace {

std::string every_byte() {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  return all;
}

TEST(Percent, DecodesEachEscapeOnce) {
  EXPECT_EQ(percent_decode(""), "");
  EXPECT_EQ(percent_decode("a%20b%2Fc%2fd+e"), "a b/c/d+e");
  EXPECT_EQ(percent_decode("%2541%25"), "%41%");
  EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
  EXPECT_EQ(percent_decode("%C3%A9\xff"), "\xc3\xa9\xff");
}

TEST(Percent, RefusesBadEscapes) {
  for (const char* text : {"%", "%1", "a%", "%g0", "%0g", "%%20", "%-1", "% 1", "%u0041", "%2"}) {
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
    EXPECT_EQ(form_decode(text), std::nullopt) << text;
  }
}

TEST(Percent, FormsReadAPlusAsASpace) { EXPECT_EQ(form_decode("a+b%2Bc%20d"), "a b+c d"); }

TEST(Percent, EncodingThenDecodingGivesEveryByteBack) {
  const std::string all = every_byte();
  EXPECT_EQ(percent_decode(encode_path_segment(all)), all);
  EXPECT_EQ(percent_decode(encode_query_component(all)), all);
  EXPECT_EQ(form_decode(encode_query_component(all)), all);
}

TEST(Percent, EncodesASegmentSoThatItStaysOneSegment) {
  EXPECT_EQ(encode_path_segment("a b/c?d#e%f:g\\h\"i<j>\n"), "a%20b%2Fc%3Fd%23e%25f%3Ag%5Ch%22i%3Cj%3E%0A");
  EXPECT_EQ(encode_path_segment("a-b.c_d~e!$&'()*+,;=@"), "a-b.c_d~e!$&'()*+,;=@");
  EXPECT_EQ(encode_path_segment("\xc3\xa9"), "%C3%A9");
}

TEST(Percent, EncodesAQueryComponentSoThatNoDelimiterIsLeft) {
  EXPECT_EQ(encode_query_component("a b&c=d+e;f/g?"), "a%20b%26c%3Dd%2Be%3Bf%2Fg%3F");
  EXPECT_EQ(encode_query_component("A-z0._~"), "A-z0._~");
}

TEST(ParseQuery, KeepsOrderRepeatsAndEmptyValues) {
  const QueryPairs expected = {{"a", "1"}, {"b", ""}, {"a", "2=3"}, {"", "x"}, {"c d", "e f"}, {"g", ""}};
  EXPECT_EQ(parse_query("a=1&b&a=2=3&=x&c+d=e%20f&g="), expected);
}

TEST(ParseQuery, SkipsEmptyPieces) {
  EXPECT_EQ(parse_query(""), QueryPairs{});
  EXPECT_EQ(parse_query("&&"), QueryPairs{});
  EXPECT_EQ(parse_query("&a=1&&b=2&"), (QueryPairs{{"a", "1"}, {"b", "2"}}));
}

TEST(ParseQuery, DecodesAfterCutting) { EXPECT_EQ(parse_query("a%26b%3D=c%26d"), (QueryPairs{{"a&b=", "c&d"}})); }

TEST(ParseQuery, RefusesBadEscapesOnEitherSide) {
  EXPECT_EQ(parse_query("a=1&b%=2").error(), QueryError::kBadEscape);
  EXPECT_EQ(parse_query("a=1&b=%zz").error(), QueryError::kBadEscape);
}

TEST(ParseQuery, StopsAtTheLimit) {
  EXPECT_EQ(parse_query("a&b&c", 3)->size(), 3u);
  EXPECT_EQ(parse_query("a&b&c&&", 3)->size(), 3u);
  EXPECT_EQ(parse_query("a&b&c&d", 3).error(), QueryError::kTooManyPairs);
  EXPECT_EQ(parse_query("a", 0).error(), QueryError::kTooManyPairs);
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "a&";
  EXPECT_EQ(parse_query(many).error(), QueryError::kTooManyPairs);
}

TEST(ParseQuery, FindsTheFirstValue) {
  const QueryPairs pairs = {{"a", "1"}, {"b", ""}, {"a", "2"}};
  EXPECT_EQ(find_value(pairs, "a"), "1");
  EXPECT_EQ(find_value(pairs, "b"), "");
  EXPECT_EQ(find_value(pairs, "A"), std::nullopt);
}

TEST(BuildQuery, IsTheInverseOfParsing) {
  const QueryPairs pairs = {{"a", "1&2"}, {"b c", ""}, {"", "="}, {every_byte(), every_byte()}};
  EXPECT_EQ(parse_query(build_query(pairs)), pairs);
  EXPECT_EQ(build_query({}), "");
  EXPECT_EQ(build_query(QueryPairs{{"a", "x y"}, {"b", ""}}), "a=x%20y&b=");
}

}  // namespace
}  // namespace torc::http
