#include "base/escape.hpp"

#include <gtest/gtest.h>

#include <random>

namespace torc::detail {
namespace {

using namespace std::string_view_literals;

TEST(Escape, LeavesTextAlone) {
  EXPECT_EQ(escaped("plain text: a\\b \"q\" ~"), "plain text: a\\b \"q\" ~");
  EXPECT_EQ(escaped("Grüße, 世界 🐢"), "Grüße, 世界 🐢");
  EXPECT_EQ(escaped(""), "");
}

TEST(Escape, NothingEndsTheLine) {
  EXPECT_EQ(escaped("a\nb\r\nc\td"), "a\\nb\\r\\nc\\td");
  EXPECT_EQ(escaped("\v\f\0\x1b[31m\x7f"sv), "\\x0b\\x0c\\x00\\x1b[31m\\x7f");
  EXPECT_EQ(escaped("nel \xc2\x85 ls \xe2\x80\xa8 ps \xe2\x80\xa9"),
            "nel \\xc2\\x85 ls \\xe2\\x80\\xa8 ps \\xe2\\x80\\xa9");
  EXPECT_EQ(escaped("csi \xc2\x9b"), "csi \\xc2\\x9b");
}

TEST(Escape, NothingReordersTheLine) {
  EXPECT_EQ(escaped("\xe2\x80\xae"
                    "gpj.exe"),
            "\\xe2\\x80\\xaegpj.exe");
}

TEST(Escape, BytesThatAreNotUtf8) {
  EXPECT_EQ(escaped("\x80"), "\\x80");
  EXPECT_EQ(escaped("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(escaped("\xe0\x80\x8a"), "\\xe0\\x80\\x8a") << "overlong newline";
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "surrogate";
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
  EXPECT_EQ(escaped("\xe4\xb8"), "\\xe4\\xb8") << "cut short";
  EXPECT_EQ(escaped("\xe4\n"), "\\xe4\\n");
}

TEST(Escape, AnyBytesGiveOneLineThatEscapesToItself) {
  std::mt19937_64 random{1};
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 40, '\0');
    for (char& c : text) c = static_cast<char>(random());
    const std::string once = escaped(text);
    for (char c : once) ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != '\x7f');
    ASSERT_EQ(escaped(once), once);
  }
}

TEST(Escape, QuotedIsCutAtItsLimit) {
  EXPECT_EQ(in_quotes("abc"), "\"abc\"");
  EXPECT_EQ(in_quotes("abcdef", 3), "\"abc...\"");
  EXPECT_EQ(in_quotes("abc", 3), "\"abc\"");
  EXPECT_LT(in_quotes(std::string(1'000'000, 'x')).size(), 200u);
}

}  // namespace
}  // namespace torc::detail
