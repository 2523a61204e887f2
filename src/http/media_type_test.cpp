#include "torc/http/media_type.hpp"

#include <gtest/gtest.h>

#include <string>

namespace torc::http {
namespace {

TEST(MediaType, KnowsWhatTheWebIsMadeOf) {
  EXPECT_EQ(media_type("index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(media_type("style.css"), "text/css; charset=utf-8");
  EXPECT_EQ(media_type("app.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(media_type("app.mjs"), "text/javascript; charset=utf-8");
  EXPECT_EQ(media_type("app.js.map"), "application/json");
  EXPECT_EQ(media_type("a.json"), "application/json");
  EXPECT_EQ(media_type("a.wasm"), "application/wasm");
  EXPECT_EQ(media_type("site.webmanifest"), "application/manifest+json");
  EXPECT_EQ(media_type("logo.svg"), "image/svg+xml");
  EXPECT_EQ(media_type("a.avif"), "image/avif");
  EXPECT_EQ(media_type("a.webp"), "image/webp");
  EXPECT_EQ(media_type("a.jpg"), "image/jpeg");
  EXPECT_EQ(media_type("a.woff2"), "font/woff2");
  EXPECT_EQ(media_type("a.mp4"), "video/mp4");
  EXPECT_EQ(media_type("a.3gp"), "video/3gpp");
  EXPECT_EQ(media_type("a.zst"), "application/zstd");
  EXPECT_EQ(media_type("a.pdf"), "application/pdf");
}

TEST(MediaType, EveryTextTypeNamesItsCharset) {
  for (const char* name : {"a.txt", "a.md", "a.csv", "a.vtt", "a.ics", "a.py", "a.log", "a.htm"}) {
    EXPECT_TRUE(media_type(name).starts_with("text/") && media_type(name).ends_with("; charset=utf-8")) << name;
  }
}

TEST(MediaType, IgnoresCaseAndDirectories) {
  EXPECT_EQ(media_type("/a.b/PHOTO.JpEg"), "image/jpeg");
  EXPECT_EQ(media_type("/a.html/readme"), kDefaultMediaType);
  EXPECT_EQ(media_type("site.tar.GZ"), "application/gzip");
}

TEST(MediaType, UnknownOrMissingExtensionsAreOctetStreams) {
  for (const char* name : {"", "README", "a.", "a.unknown", ".html", "/x/.html", "a.htmlx", "a.htm l", "a.webmanifests",
                           "a.html/", "a.\xff", "a.0", "a.zzzzzzzzzzz"}) {
    EXPECT_EQ(media_type(name), kDefaultMediaType) << name;
  }
  EXPECT_EQ(media_type("a." + std::string(100000, 'x')), kDefaultMediaType);
}

}  // namespace
}  // namespace torc::http
