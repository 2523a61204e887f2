#include "torc/http/listing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "torc/http/path.hpp"

namespace torc::http {
namespace {

std::string page_of(const std::string& name, bool is_directory = false) {
  return render_listing("/", {{.name = name, .is_directory = is_directory}}, false);
}

TEST(Listing, ShowsNameSizeAndTime) {
  const std::string page = render_listing("/docs/", {{"a.txt", false, 1536, 971186136}}, false);
  EXPECT_TRUE(page.contains("<title>Index of /docs/</title>"));
  EXPECT_TRUE(page.contains("<h1>Index of /docs/</h1>"));
  EXPECT_TRUE(page.contains("<a href=\"a.txt\"><bdi>a.txt</bdi></a>"));
  EXPECT_TRUE(page.contains("<td class=\"n\">1.5 KiB</td>"));
  EXPECT_TRUE(page.contains("<time datetime=\"2000-10-10T13:55Z\">2000-10-10 13:55</time>"));
}

TEST(Listing, DirectoriesComeFirstAndEndInASlash) {
  const std::string page =
      render_listing("/", {{.name = "b"}, {.name = "a"}, {.name = "z", .is_directory = true}}, false);
  EXPECT_TRUE(page.contains("<a href=\"z/\"><bdi>z</bdi>/</a></th><td class=\"n\"></td>"));
  EXPECT_LT(page.find("href=\"z/\""), page.find("href=\"a\""));
  EXPECT_LT(page.find("href=\"a\""), page.find("href=\"b\""));
}

TEST(Listing, LinksToTheParentWhenThereIsOne) {
  EXPECT_TRUE(render_listing("/a/", {}, true).contains("<a href=\"../\">Parent directory</a>"));
  EXPECT_FALSE(render_listing("/", {}, false).contains("../"));
}

TEST(Listing, ShowsANote) {
  EXPECT_TRUE(render_listing("/", {{.name = "a"}}, false, "1 < 2").contains("<p>1 &lt; 2</p>\n<table>"));
}

TEST(Listing, SaysWhenThereIsNothing) {
  EXPECT_TRUE(render_listing("/", {}, false).contains("This directory is empty."));
  EXPECT_FALSE(render_listing("/", {}, false).contains("<table>"));
}

TEST(Listing, EscapesNamesInTextAndLinks) {
  const std::string page = page_of("\"><script>alert('1')&amp;</script>");
  EXPECT_FALSE(page.contains("<script"));
  EXPECT_TRUE(page.contains("<bdi>&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&amp;amp;&lt;/script&gt;</bdi>"));
  EXPECT_TRUE(page.contains("href=\"%22%3E%3Cscript%3Ealert(&#39;1&#39;)&amp;amp;%3C%2Fscript%3E\""));
}

TEST(Listing, LinksCarryTheTrueBytes) {
  EXPECT_TRUE(page_of("100%").contains("href=\"100%25\"><bdi>100%</bdi>"));
  EXPECT_TRUE(page_of("a b?c#d").contains("href=\"a%20b%3Fc%23d\"><bdi>a b?c#d</bdi>"));
  EXPECT_TRUE(page_of("javascript:alert(1)").contains("href=\"javascript%3Aalert(1)\""));
  EXPECT_TRUE(page_of("//evil.example").contains("href=\"%2F%2Fevil.example\""));
  EXPECT_TRUE(page_of("line\nbreak")
                  .contains("href=\"line%0Abreak\"><bdi>line\xef\xbf\xbd"
                            "break</bdi>"));
  EXPECT_TRUE(page_of("caf\xc3\xa9").contains("href=\"caf%C3%A9\"><bdi>caf\xc3\xa9</bdi>"));
}

TEST(Listing, ShowsWhatIsNotUtf8AsReplacementCharacters) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_TRUE(page_of("a\xff"
                      "b")
                  .contains("href=\"a%FFb\"><bdi>a" + r + "b</bdi>"));
  EXPECT_TRUE(page_of("\xc0\xae").contains("<bdi>" + r + r + "</bdi>"));
  EXPECT_TRUE(page_of("\xed\xa0\x80").contains("<bdi>" + r + r + r + "</bdi>"));
  EXPECT_TRUE(page_of("\xf4\x90\x80\x80").contains("<bdi>" + r + r + r + r + "</bdi>"));
  EXPECT_TRUE(page_of("\xe2\x82").contains("<bdi>" + r + r + "</bdi>"));
  EXPECT_TRUE(page_of("\xc2\x85").contains("<bdi>" + r + "</bdi>"));
  EXPECT_TRUE(page_of("\xe2\x82\xac\xf0\x9f\x98\x80").contains("<bdi>\xe2\x82\xac\xf0\x9f\x98\x80</bdi>"));
}

TEST(Listing, EscapesThePathInTheTitle) {
  const std::string page = render_listing("/</title><script>/", {}, true);
  EXPECT_FALSE(page.contains("<script"));
  EXPECT_TRUE(page.contains("<title>Index of /&lt;/title&gt;&lt;script&gt;/</title>"));
}

TEST(Listing, NoByteInANameLeavesItsPlace) {
  const auto count = [](const std::string& page, char c) { return std::ranges::count(page, c); };
  const std::string plain = page_of("xzy");
  for (int byte = 1; byte < 256; ++byte) {
    const std::string page = page_of(std::string("x") + static_cast<char>(byte) + "y");
    for (char c : {'<', '>', '"', '\n'}) EXPECT_EQ(count(page, c), count(plain, c)) << byte;
  }
}

TEST(Listing, ItsLinksLeadBackToTheName) {
  for (const char* name : {"a b", "100%", "%41", "\"<>'&", "caf\xc3\xa9", "\xff\xfe", "a:b", "~", "?#", "..."}) {
    const std::string page = page_of(name);
    const std::size_t begin = page.find("<a href=\"") + 9;
    std::string href = page.substr(begin, page.find('"', begin) - begin);
    for (const auto& [escape, plain] : {std::pair{"&amp;", "&"}, {"&#39;", "'"}}) {
      for (std::size_t at; (at = href.find(escape)) != href.npos;)
        href.replace(at, std::string_view(escape).size(), plain);
    }
    EXPECT_EQ(safe_path(href), (SafePath{name, false})) << name;
  }
}

TEST(Listing, UsesNoExternalResourceAndNoScript) {
  const std::string page = render_listing("/", {{.name = "a"}}, true);
  for (const char* token : {"<script", "src=", "@import", "url(", "http:", "https:"})
    EXPECT_FALSE(page.contains(token)) << token;
  EXPECT_TRUE(page.contains("<html lang=\"en\">"));
  EXPECT_TRUE(page.contains("prefers-color-scheme: dark"));
}

TEST(EscapeHtml, EscapesTheFiveCharacters) {
  EXPECT_EQ(escape_html("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
  EXPECT_EQ(escape_html(""), "");
}

TEST(HumanSize, HasOneDecimalBelowTen) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(1023), "1023 B");
  EXPECT_EQ(human_size(1024), "1.0 KiB");
  EXPECT_EQ(human_size(1536), "1.5 KiB");
  EXPECT_EQ(human_size(10189), "10 KiB");
  EXPECT_EQ(human_size(10 * 1024), "10 KiB");
  EXPECT_EQ(human_size(10 * 1024 + 511), "10 KiB");
  EXPECT_EQ(human_size(10 * 1024 + 512), "11 KiB");
  EXPECT_EQ(human_size(1023 * 1024), "1023 KiB");
  EXPECT_EQ(human_size(1024 * 1024 - 512), "1.0 MiB");
  EXPECT_EQ(human_size(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(human_size(200 << 20), "200 MiB");
  EXPECT_EQ(human_size(UINT64_MAX), "16 EiB");
}

}  // namespace
}  // namespace torc::http
