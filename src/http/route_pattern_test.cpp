#include "http/route_pattern.hpp"

#include <gtest/gtest.h>

#include <string>

namespace torc::http::detail {
namespace {

constexpr auto kLiteral = PatternSegment::Kind::kLiteral;
constexpr auto kParam = PatternSegment::Kind::kParam;
constexpr auto kTail = PatternSegment::Kind::kTail;
using Segments = std::vector<PatternSegment>;

TEST(RoutePattern, CutsAtSlashes) {
  EXPECT_EQ(parse_route_pattern("/"), (Segments{{kLiteral, ""}}));
  EXPECT_EQ(parse_route_pattern("/a"), (Segments{{kLiteral, "a"}}));
  EXPECT_EQ(parse_route_pattern("/a/"), (Segments{{kLiteral, "a"}, {kLiteral, ""}}));
  EXPECT_EQ(parse_route_pattern("/a/{b}/{c_1...}"), (Segments{{kLiteral, "a"}, {kParam, "b"}, {kTail, "c_1"}}));
  EXPECT_EQ(parse_route_pattern("/{a}/"), (Segments{{kParam, "a"}, {kLiteral, ""}}));
}

TEST(RoutePattern, DecodesLiterals) {
  EXPECT_EQ(parse_route_pattern("/a%20b/%7bc%7D"), (Segments{{kLiteral, "a b"}, {kLiteral, "{c}"}}));
  EXPECT_EQ(parse_route_pattern("/caf\xc3\xa9"), (Segments{{kLiteral, "caf\xc3\xa9"}}));
  EXPECT_EQ(parse_route_pattern("/..."), (Segments{{kLiteral, "..."}}));
}

TEST(RoutePattern, RefusesWhatCouldNeverMatchAsMeant) {
  for (const char* pattern :
       {"",       "a",        "a/b",     "*",         "//",       "//a",      "/a//b",       "/a//",  "/{}",
        "/{...}", "/{a",      "/a}",     "/{a}b",     "/a{b}",    "/{a}{b}",  "/{a b}",      "/{1a}", "/{a-b}",
        "/{a..}", "/{a....}", "/{...a}", "/{a...}/b", "/{a...}/", "/{a}/{a}", "/{a}/{a...}", "/%",    "/%zz",
        "/%00",   "/a\nb",    "/.",      "/..",       "/a/../b",  "/%2e%2e",  "/a?b",        "/a#b",  "/{{a}}"}) {
    EXPECT_FALSE(parse_route_pattern(pattern)) << pattern;
  }
}

TEST(RoutePattern, LimitsSegmentsParametersAndLengths) {
  std::string segments, params;
  for (int i = 0; i < 64; ++i) segments += "/s";
  for (int i = 0; i < 12; ++i) params += "/{p" + std::to_string(i) + "}";
  EXPECT_TRUE(parse_route_pattern(segments));
  EXPECT_FALSE(parse_route_pattern(segments + "/s"));
  EXPECT_TRUE(parse_route_pattern(params));
  EXPECT_FALSE(parse_route_pattern(params + "/{q...}"));
  EXPECT_TRUE(parse_route_pattern("/" + std::string(255, 'a')));
  EXPECT_FALSE(parse_route_pattern("/" + std::string(256, 'a')));
}

}  // namespace
}  // namespace torc::http::detail
