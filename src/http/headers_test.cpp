#include "torc/http/headers.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace torc::http {
namespace {

static_assert(sizeof(Headers) <= 32);
static_assert(std::is_nothrow_move_constructible_v<Headers> && std::is_nothrow_move_assignable_v<Headers>);

using Values = std::vector<std::string_view>;

TEST(Headers, KeepsOrderCaseAndRepeats) {
  Headers headers{{"Content-Type", "text/html"}, {"Set-Cookie", "a=1"}};
  headers.add("set-cookie", "b=2");
  std::string seen;
  for (const auto& [name, value] : headers) seen += name + '=' + value + ';';
  EXPECT_EQ(seen, "Content-Type=text/html;Set-Cookie=a=1;set-cookie=b=2;");
  EXPECT_EQ(headers.size(), 3u);
}

TEST(Headers, FindsNamesWithoutCase) {
  const Headers headers{{"Content-Type", "text/html"}, {"X", ""}};
  EXPECT_EQ(headers.get("CONTENT-TYPE"), "text/html");
  EXPECT_EQ(headers.get("content-type"), "text/html");
  EXPECT_EQ(headers.get("Content_Type"), std::nullopt);
  EXPECT_EQ(headers.get("Content-Typ"), std::nullopt);
  EXPECT_EQ(headers.get("x"), "");
  EXPECT_TRUE(headers.contains("x"));
  EXPECT_FALSE(headers.contains("y"));
}

TEST(Headers, OnlyLettersCompareWithoutCase) {
  EXPECT_TRUE(equal_names("aZ-9", "Az-9"));
  EXPECT_FALSE(equal_names("a@", "a`"));
  EXPECT_FALSE(equal_names("[", "{"));
}

TEST(Headers, GivesAllValuesOfAName) {
  const Headers headers{{"Via", "a"}, {"Date", "d"}, {"VIA", "b"}, {"via", ""}};
  EXPECT_EQ(headers.all("Via"), (Values{"a", "b", ""}));
  EXPECT_EQ(headers.joined("via"), "a, b, ");
  EXPECT_EQ(headers.all("Host"), Values{});
  EXPECT_EQ(headers.joined("Host"), "");
}

TEST(Headers, SetReplacesTheFirstAndRemovesTheOthers) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}, {"C", "4"}, {"A", "5"}};
  headers.set("a", "new");
  EXPECT_EQ(headers, (Headers{{"a", "new"}, {"B", "2"}, {"C", "4"}}));
  headers.set("D", "6");
  EXPECT_EQ(headers.get("d"), "6");
  EXPECT_EQ(headers.size(), 4u);
}

TEST(Headers, RemoveGivesTheNumberRemoved) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  EXPECT_EQ(headers.remove("A"), 2u);
  EXPECT_EQ(headers.remove("A"), 0u);
  EXPECT_EQ(headers, (Headers{{"B", "2"}}));
}

TEST(Headers, ArgumentsMayBeViewsIntoTheList) {
  Headers headers{{"Long-Enough-To-Be-On-The-Heap", "a value long enough to be on the heap"}, {"B", "2"}};
  for (int i = 0; i < 20; ++i) headers.add(headers.begin()->name, headers.begin()->value);
  EXPECT_EQ(headers.all("long-enough-to-be-on-the-heap").size(), 21u);
  headers.set(headers.begin()->name, *headers.get("b"));
  EXPECT_EQ(headers, (Headers{{"Long-Enough-To-Be-On-The-Heap", "2"}, {"B", "2"}}));
  EXPECT_EQ(headers.remove(headers.begin()->name), 1u);
}

TEST(Headers, DropsSpaceAroundValuesButNotInside) {
  Headers headers;
  headers.add("A", " \t x \t y\t ");
  EXPECT_EQ(headers.get("A"), "x \t y");
  headers.set("A", "  ");
  EXPECT_EQ(headers.get("A"), "");
}

TEST(Headers, AcceptsExactlyTheTokenBytesInNames) {
  const std::string allowed = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int byte = 0; byte < 256; ++byte) {
    Headers headers;
    const std::string name = std::string("X") + static_cast<char>(byte);
    if (allowed.contains(static_cast<char>(byte))) {
      EXPECT_NO_THROW(headers.add(name, "v")) << byte;
    } else {
      EXPECT_THROW(headers.add(name, "v"), std::invalid_argument) << byte;
      EXPECT_THROW(headers.set(name, "v"), std::invalid_argument) << byte;
      EXPECT_TRUE(headers.empty());
    }
  }
  Headers headers;
  EXPECT_THROW(headers.add("", "v"), std::invalid_argument);
}

TEST(Headers, AcceptsExactlyTheFieldBytesInValues) {
  for (int byte = 0; byte < 256; ++byte) {
    Headers headers;
    const std::string value = std::string("a") + static_cast<char>(byte) + 'b';
    if ((byte >= 0x20 && byte != 0x7f) || byte == '\t') {
      EXPECT_NO_THROW(headers.add("X", value)) << byte;
      EXPECT_EQ(headers.get("X"), value);
    } else {
      EXPECT_THROW(headers.add("X", value), std::invalid_argument) << byte;
      EXPECT_THROW(headers.set("X", value), std::invalid_argument) << byte;
      EXPECT_TRUE(headers.empty());
    }
  }
}

TEST(Headers, AControlAtEitherEndOfAValueIsNotTrimmedAway) {
  Headers headers;
  for (const char* value : {"\r\n", "\n a", "a\r", " \r\n a"}) {
    EXPECT_THROW(headers.add("X", value), std::invalid_argument) << value;
  }
}

TEST(Headers, ARefusalNamesTheFieldButNotTheValue) {
  Headers headers;
  try {
    headers.add("Location", "/\r\nSet-Cookie: stolen");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string_view(error.what()),
              "header field \"Location\": the value holds a control character (CR, LF, NUL or the like)");
  }
  try {
    headers.set("a\r\nb", "");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string_view(error.what()), "header field \"a\\r\\nb\": the name is not a token (RFC 9110 5.6.2)");
  }
}

TEST(Headers, ARefusedSetLeavesTheListAsItWas) {
  Headers headers{{"A", "1"}, {"A", "2"}};
  EXPECT_THROW(headers.set("A", "\n"), std::invalid_argument);
  EXPECT_EQ(headers.all("A"), (Values{"1", "2"}));
}

TEST(Headers, AMovedFromListIsEmpty) {
  Headers headers{{"A", "1"}};
  const Headers taken = std::move(headers);
  EXPECT_EQ(taken.size(), 1u);
  EXPECT_TRUE(headers.empty());  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace torc::http
