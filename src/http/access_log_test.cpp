#include "torc/http/access_log.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace torc::http {
namespace {

std::string line(const AccessLogEntry& entry) {
  std::string out;
  append_access_log(out, entry);
  return out;
}

TEST(AccessLog, WritesTheCombinedFormat) {
  EXPECT_EQ(line({.client = "192.0.2.7",
                  .user = "alice",
                  .time = 971186136,
                  .request_line = "GET /a?b=c HTTP/1.1",
                  .status = 200,
                  .bytes = 2326,
                  .referer = "https://example.org/",
                  .user_agent = "Mozilla/5.0 (X11)"}),
            "192.0.2.7 - alice [10/Oct/2000:13:55:36 +0000] \"GET /a?b=c HTTP/1.1\" 200 2326 \"https://example.org/\" "
            "\"Mozilla/5.0 (X11)\"");
}

TEST(AccessLog, WhatIsUnknownIsADash) {
  EXPECT_EQ(line({}), "- - - [01/Jan/1970:00:00:00 +0000] \"-\" 0 - \"-\" \"-\"");
  EXPECT_TRUE(line({.status = 204, .bytes = 0}).contains("\" 204 - \""));
  EXPECT_TRUE(line({.status = 200, .bytes = UINT64_MAX}).contains("\" 200 18446744073709551615 \""));
}

TEST(AccessLog, AppendsWithoutALineEnd) {
  std::string out = "first\n";
  append_access_log(out, {.client = "::1"});
  EXPECT_TRUE(out.starts_with("first\n::1 - - ["));
  EXPECT_FALSE(out.ends_with('\n'));
}

TEST(AccessLog, EscapesWhatCouldForgeALine) {
  EXPECT_TRUE(
      line({.request_line = "GET /\" 200 1 \"\\ HTTP/1.1"}).contains("\"GET /\\x22 200 1 \\x22\\x5C HTTP/1.1\""));
  EXPECT_TRUE(line({.user_agent = "a\r\n127.0.0.1 - - b"}).ends_with("\"a\\x0D\\x0A127.0.0.1 - - b\""));
  EXPECT_TRUE(line({.referer = "\x1b[2J\xc3\xa9\x7f"}).contains("\"\\x1B[2J\\xC3\\xA9\\x7F\""));
  EXPECT_TRUE(line({.user = "a b\t "}).contains(" - a\\x20b\\x09\\x20 ["));
}

TEST(AccessLog, NoByteInAnyTextBreaksTheLine) {
  const std::size_t quotes = 6;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = std::string("x") + static_cast<char>(byte) + "y";
    const std::string out =
        line({.client = text, .user = text, .request_line = text, .status = 200, .referer = text, .user_agent = text});
    EXPECT_TRUE(std::ranges::all_of(out, [](char c) { return c >= 0x20 && c < 0x7f; })) << byte;
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(out, '"')), quotes) << byte;
  }
}

TEST(AccessLog, LongTextsAreWhole) {
  const std::string target(10000, 'a');
  EXPECT_TRUE(line({.request_line = target}).contains('"' + target + '"'));
}

}  // namespace
}  // namespace torc::http
