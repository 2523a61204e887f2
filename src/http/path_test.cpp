#include "torc/http/path.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

namespace torc::http {
namespace {

std::optional<SafePath> file(std::string text) { return SafePath{std::move(text), false}; }
std::optional<SafePath> folder(std::string text) { return SafePath{std::move(text), true}; }

TEST(SafePath, KeepsPlainPaths) {
  EXPECT_EQ(safe_path("/a/b.txt"), file("a/b.txt"));
  EXPECT_EQ(safe_path("a/b.txt"), file("a/b.txt"));
  EXPECT_EQ(safe_path("/a/b/"), folder("a/b"));
  EXPECT_EQ(safe_path("/"), folder(""));
  EXPECT_EQ(safe_path(""), folder(""));
}

TEST(SafePath, DecodesOnce) {
  EXPECT_EQ(safe_path("/a%20b/%c3%A9"), file("a b/\xc3\xa9"));
  EXPECT_EQ(safe_path("/100%25"), file("100%"));
  EXPECT_EQ(safe_path("/%3f%23%3a%22%3c+"), file("?#:\"<+"));
}

TEST(SafePath, WhatIsEncodedTwiceIsAnOrdinaryName) {
  EXPECT_EQ(safe_path("/%252e%252e/%252f"), file("%2e%2e/%2f"));
  EXPECT_EQ(safe_path("/%25%32%65"), file("%2e"));
  EXPECT_EQ(safe_path("/..%252fetc"), file("..%2fetc"));
}

TEST(SafePath, NamesThatOnlyLookDangerousStay) {
  for (const char* name : {"...", "....", "..a", "a..", ".a", "a.", "..;", "~", "C:", "a:b", "-", "$(x)", "%", "\xff",
                           "\xc0", "\xc0.", "\xe0\xa0\x80", "\xef\xbc\x8e\xef\xbc\x8e", "\xe2\x88\x95"}) {
    std::string raw;
    for (const char* at = name; *at != '\0'; ++at) {
      const auto c = static_cast<unsigned char>(*at);
      constexpr char kHex[] = "0123456789abcdef";
      raw += '%';
      raw += kHex[c >> 4];
      raw += kHex[c & 15];
    }
    EXPECT_EQ(safe_path(raw), file(name)) << raw;
  }
}

// Every way to write `text`, each character raw or as one of the given escapes.
std::vector<std::string> spellings(const std::vector<std::vector<std::string>>& characters) {
  std::vector<std::string> all = {""};
  for (const auto& forms : characters) {
    std::vector<std::string> longer;
    for (const std::string& start : all) {
      for (const std::string& form : forms) longer.push_back(start + form);
    }
    all = std::move(longer);
  }
  return all;
}

std::vector<std::string> hostile_paths() {
  const std::vector<std::string> dot = {".", "%2e", "%2E"};
  std::vector<std::string> all;
  // Climbing in every place of a path, and everything a decoder may be talked into taking for a separator.
  for (const std::string& up : spellings({dot, dot})) {
    for (const char* frame : {"/@", "/@/", "@", "/a/@", "/a/@/b", "/@/@/etc/passwd"}) {
      std::string path;
      for (const char* c = frame; *c != '\0'; ++c) *c == '@' ? path += up : path += *c;
      all.push_back(path);
    }
    for (const char* separator : {"%2f", "%2F", "\\", "%5c", "%5C", "%c0%af", "%e0%80%af", "%c1%9c", "%00/", "%00"}) {
      all.push_back("/" + up + separator + "etc" + separator + "passwd");
      all.push_back("/a" + std::string(separator) + up + "/b");
    }
  }
  for (const std::string& here : spellings({dot})) {
    for (const char* frame : {"/", "/a/"}) all.push_back(frame + here), all.push_back(frame + here + "/x");
  }
  // Overlong spellings of the dot.
  for (const char* over : {"%c0%ae", "%C0%AE", "%e0%80%ae", "%f0%80%80%ae", "%f8%80%80%80%ae", "%fc%80%80%80%80%ae"}) {
    all.push_back(std::string("/") + over + over + "/etc/passwd");
    all.push_back(std::string("/a/") + over + "." + "/b");
    all.push_back(std::string("/") + over);
  }
  // Absolute and empty segments.
  for (const char* path : {"//",
                           "///",
                           "//etc/passwd",
                           "///etc/passwd",
                           "/a//b",
                           "/a//",
                           "a//",
                           "/%2fetc/passwd",
                           "/%2Fetc%2Fpasswd",
                           "%2f",
                           "%2fetc",
                           "/a%2f",
                           "/%5c%5chost%5cshare",
                           "\\\\host\\share",
                           "/\\etc",
                           "\\",
                           "/a\\",
                           "/C:\\boot.ini",
                           "/C:%5cboot.ini",
                           "/..\\..\\x",
                           "/a/..%5c..%5cx"}) {
    all.push_back(path);
  }
  // Controls, raw and encoded, at the ends and inside.
  constexpr char kHex[] = "0123456789abcdef";
  for (unsigned c = 0; c <= 0x20; ++c) {
    const unsigned byte = c == 0x20 ? 0x7f : c;
    const std::string escape = {'%', kHex[byte >> 4], kHex[byte & 15]};
    all.push_back("/a" + escape);
    all.push_back("/" + escape + "b");
    all.push_back("/a.html" + escape + ".png");
    all.push_back(std::string("/a") + static_cast<char>(byte) + "b");
  }
  // Bad escapes, and targets that should have been cut before.
  for (const char* path : {"/%", "/%2", "/a%", "/a%2/b", "/%zz", "/%2x", "/%x2", "/%u002e%u002e/", "/%%32%65", "/% 2e",
                           "/%-2e", "/a?b", "/a#b", "/?", "/..?/", "/%2", "/%e", "/%/..", "/a/%2%65"}) {
    all.push_back(path);
  }
  return all;
}

TEST(SafePath, RefusesEveryHostileSpelling) {
  const std::vector<std::string> paths = hostile_paths();
  EXPECT_GE(paths.size(), 200u);
  for (const std::string& path : paths) EXPECT_EQ(safe_path(path), std::nullopt) << path;
}

TEST(SafePath, NoTwoBytesInASegmentEscape) {
  // Whatever two bytes stand as escapes in a segment, the answer is either a refusal or exactly these names.
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      char raw[24];
      std::snprintf(raw, sizeof raw, "/x/%%%02x%%%02X/y", a, b);
      const auto path = safe_path(raw);
      if (!path) continue;
      EXPECT_EQ(path->text, std::string("x/") + static_cast<char>(a) + static_cast<char>(b) + "/y");
      EXPECT_FALSE(path->text.contains("/../") || path->text.contains("//") || path->text.contains('\\'));
    }
  }
}

TEST(SafePath, LimitsNamesAndTheWholePath) {
  const std::string name(255, 'n');
  EXPECT_TRUE(safe_path("/" + name));
  EXPECT_FALSE(safe_path("/" + name + "n"));
  std::string escaped;
  for (int i = 0; i < 255; ++i) escaped += "%41";
  EXPECT_TRUE(safe_path("/" + escaped));
  EXPECT_FALSE(safe_path("/" + escaped + "%41"));
  std::string path;
  for (int i = 0; i < 16; ++i) path += "/" + name;
  EXPECT_TRUE(safe_path(path));
  EXPECT_FALSE(safe_path(path + "/n"));
  EXPECT_FALSE(safe_path("/" + std::string(1 << 20, 'a')));
}

TEST(HiddenSegment, IsAnySegmentThatBeginsWithADot) {
  for (const char* path : {".git", ".git/config", "a/.env", "a/.b/c", ".well-known/.x", ".well-knownx", ".well-known.x",
                           "a/.well-known", "..."}) {
    EXPECT_TRUE(has_hidden_segment(path)) << path;
  }
  for (const char* path : {"", "a", "a.b", "a/b.c", "a./b", ".well-known", ".well-known/acme-challenge/x"}) {
    EXPECT_FALSE(has_hidden_segment(path)) << path;
  }
}

}  // namespace
}  // namespace torc::http
