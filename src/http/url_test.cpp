#include "torc/http/url.hpp"

#include <gtest/gtest.h>

#include <string>

namespace torc::http {
namespace {

// The normalised URL, or the complaint.
std::string parsed(std::string_view text) {
  const auto url = Url::parse(text);
  return url ? url->str() : "! " + url.error();
}

std::string resolved(std::string_view base, std::string_view reference) {
  const auto url = Url::parse(base)->resolve(reference);
  return url ? url->str() : "! " + url.error();
}

TEST(Url, GivesEveryPart) {
  const Url url = *Url::parse("HTTPS://Example.ORG:8443/a/b%20c?x=1&y=?#part");
  EXPECT_EQ(url.scheme(), "https");
  EXPECT_TRUE(url.is_secure());
  EXPECT_EQ(url.host(), "example.org");
  EXPECT_EQ(url.port(), 8443);
  EXPECT_EQ(url.path(), "/a/b%20c");
  EXPECT_EQ(url.query(), "x=1&y=?");
  EXPECT_EQ(url.path_and_query(), "/a/b%20c?x=1&y=?");
  EXPECT_EQ(url.authority(), "example.org:8443");
  EXPECT_EQ(url.origin(), "https://example.org:8443");
  EXPECT_EQ(url.str(), "https://example.org:8443/a/b%20c?x=1&y=?");
}

TEST(Url, TakesTheDefaultPortFromTheSchemeAndLeavesItOut) {
  EXPECT_EQ(Url::parse("http://a")->port(), 80);
  EXPECT_EQ(Url::parse("https://a")->port(), 443);
  EXPECT_EQ(parsed("http://a:80/"), "http://a/");
  EXPECT_EQ(parsed("https://a:443/"), "https://a/");
  EXPECT_EQ(parsed("http://a:443/"), "http://a:443/");
  EXPECT_EQ(parsed("https://a:80/"), "https://a:80/");
  EXPECT_EQ(parsed("http://a:/"), "http://a/");
}

TEST(Url, AnEmptyPathBecomesTheRootButAnEmptyQueryStays) {
  EXPECT_EQ(parsed("http://a"), "http://a/");
  EXPECT_EQ(parsed("http://a?q"), "http://a/?q");
  EXPECT_EQ(parsed("http://a/?"), "http://a/?");
  EXPECT_EQ(parsed("http://a#f"), "http://a/");
  EXPECT_EQ(Url::parse("http://a/?")->query(), "");
  EXPECT_EQ(Url::parse("http://a/")->query(), "");
}

TEST(Url, Ipv6LiteralsKeepTheirBracketsWhereTheyMatter) {
  const Url url = *Url::parse("http://[2001:DB8::1]:8080/x");
  EXPECT_EQ(url.host(), "2001:db8::1");
  EXPECT_EQ(url.authority(), "[2001:db8::1]:8080");
  EXPECT_EQ(url.str(), "http://[2001:db8::1]:8080/x");
  EXPECT_EQ(parsed("http://[::1]"), "http://[::1]/");
}

TEST(Url, SpellingsOfOneIpv6AddressAreOneHost) {
  EXPECT_EQ(parsed("http://[2001:0DB8:0:0:0:0:0:1]/"), "http://[2001:db8::1]/");
  EXPECT_TRUE(Url::parse("http://[0:0::1]/")->same_origin(*Url::parse("http://[::1]/")));
}

TEST(Url, RemovesDotSegmentsAndNeverClimbsAboveTheRoot) {
  EXPECT_EQ(parsed("http://a/b/./c/../d"), "http://a/b/d");
  EXPECT_EQ(parsed("http://a/../../x"), "http://a/x");
  EXPECT_EQ(parsed("http://a/x/.."), "http://a/");
  EXPECT_EQ(parsed("http://a/x/."), "http://a/x/");
  EXPECT_EQ(parsed("http://a//x//../y"), "http://a//x/y");
  EXPECT_EQ(parsed("http://a/.../..x/x.."), "http://a/.../..x/x..");
  EXPECT_EQ(parsed("http://a/x?../y"), "http://a/x?../y");
}

TEST(Url, RefusesWhatTheGrammarDoesNotAllow) {
  const char* const refused[] = {"",
                                 "a",
                                 "/",
                                 "//a/",
                                 "a:80",
                                 "example.org/x",
                                 "http",
                                 "http:",
                                 "http:/",
                                 "http://",
                                 "http:///x",
                                 "http://?q",
                                 "http://#f",
                                 "http://:80/",
                                 "http:a",
                                 "http:/a",
                                 "ftp://a/",
                                 "file:///etc/passwd",
                                 "javascript:alert(1)",
                                 "httpss://a/",
                                 "h ttp://a/",
                                 " http://a/",
                                 "http://a/ ",
                                 "http://a b/",
                                 "http://a/b c",
                                 "http://a/b\tc",
                                 "http://a/\r\nHost: b",
                                 "http://a\r\n/",
                                 "http://a/?x\ny",
                                 "http://a/#x\ny",
                                 "http://a/# ",
                                 "http://a/b\x7f",
                                 "http://a/%",
                                 "http://a/%1",
                                 "http://a/%zz",
                                 "http://a/%1g",
                                 "http://a/?%",
                                 "http://a/#%4",
                                 "http://a/<b>",
                                 "http://a/\"",
                                 "http://a/{b}",
                                 "http://a/b|c",
                                 "http://a/b^c",
                                 "http://a/`",
                                 "http://a/[b]",
                                 "http://a/?[b]",
                                 "http://a\\b/",
                                 "http://a/b\\c",
                                 "http:\\\\a\\b",
                                 "http://a/\xc3\xa9",
                                 "http://\xc3\xa9/",
                                 "http://a/#a#b",
                                 "http://a:0/",
                                 "http://a:080/",
                                 "http://a:65536/",
                                 "http://a:99999999999/",
                                 "http://a:-1/",
                                 "http://a:+80/",
                                 "http://a:8o/",
                                 "http://a: 80/",
                                 "http://a:80:80/",
                                 "http://a:0x50/",
                                 "http://::1/",
                                 "http://[::1/",
                                 "http://[::1]x/",
                                 "http://[]/",
                                 "http://[1]/",
                                 "http://[::1%25eth0]/",
                                 "http://[v1.a]/",
                                 "http://[a]/",
                                 "http://]/",
                                 "http://a[/",
                                 "http://127.1/",
                                 "http://0x7f.1/",
                                 "http://2130706433/",
                                 "http://1.2.3.400/",
                                 "http://a..b/",
                                 "http://%61/",
                                 "http://a%00/",
                                 "http://a*/",
                                 "http://user@a/",
                                 "http://user:secret@a/",
                                 "http://a@b@c/",
                                 "http://@a/"};
  for (const char* text : refused) EXPECT_TRUE(parsed(text).starts_with("! ")) << text;
  EXPECT_TRUE(parsed(std::string_view("http://a/\0b", 11)).starts_with("! "));
  EXPECT_TRUE(parsed(std::string_view("http://a\0b/", 11)).starts_with("! "));
}

TEST(Url, EveryByteIsEitherAllowedInAPathOrNamedWithItsEscape) {
  const std::string allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?#";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = std::string("http://a/x") + static_cast<char>(byte);
    const bool ok = allowed.contains(static_cast<char>(byte));
    EXPECT_EQ(Url::parse(text).has_value(), ok) << byte;
  }
  EXPECT_EQ(parsed("http://a/b c"), "! URL \"http://a/b c\": space in the path; percent-encode it as %20");
  EXPECT_EQ(parsed("http://a/?b|c"), "! URL \"http://a/?b|c\": '|' in the query; percent-encode it as %7C");
}

TEST(Url, MessagesAreOneLineShortAndWithoutPasswords) {
  const std::string injected = parsed("http://a/\r\nEvil: \xff\"");
  EXPECT_EQ(injected, "! URL \"http://a/\\r\\nEvil: \\xff\"\": control in the path; percent-encode it as %0D");
  EXPECT_LT(parsed("http://a/" + std::string(5000, ' ')).size(), 250u);
  const std::string userinfo = parsed("https://me:secret@example.org/x");
  EXPECT_FALSE(userinfo.contains("secret")) << userinfo;
  EXPECT_TRUE(userinfo.contains("https://***@example.org/x")) << userinfo;
  EXPECT_TRUE(userinfo.contains("Authorization")) << userinfo;
  EXPECT_FALSE(parsed("http://me:secr@et@host:x/ y").contains("secr"));
  EXPECT_FALSE(parsed("me:secret@example.org").contains("secret"));
  EXPECT_TRUE(parsed("http://example.org/@me/ ").contains("example.org"));
}

TEST(Url, LimitsItsLength) {
  const std::string fits = "http://a/" + std::string(Url::kMaxLength - 9, 'x');
  EXPECT_TRUE(Url::parse(fits));
  EXPECT_FALSE(Url::parse(fits + "x"));
}

TEST(Url, ResolvesTheExamplesOfRfc3986) {
  const char* const rows[][2] = {{"", "http://a/b/c/d;p?q"},
                                 {"#s", "http://a/b/c/d;p?q"},
                                 {"g", "http://a/b/c/g"},
                                 {"./g", "http://a/b/c/g"},
                                 {"g/", "http://a/b/c/g/"},
                                 {"/g", "http://a/g"},
                                 {"//g", "http://g/"},
                                 {"?y", "http://a/b/c/d;p?y"},
                                 {"g?y", "http://a/b/c/g?y"},
                                 {"g#s", "http://a/b/c/g"},
                                 {"g?y#s", "http://a/b/c/g?y"},
                                 {";x", "http://a/b/c/;x"},
                                 {"g;x", "http://a/b/c/g;x"},
                                 {"g;x?y#s", "http://a/b/c/g;x?y"},
                                 {".", "http://a/b/c/"},
                                 {"./", "http://a/b/c/"},
                                 {"..", "http://a/b/"},
                                 {"../", "http://a/b/"},
                                 {"../g", "http://a/b/g"},
                                 {"../..", "http://a/"},
                                 {"../../", "http://a/"},
                                 {"../../g", "http://a/g"},
                                 {"../../../g", "http://a/g"},
                                 {"../../../../g", "http://a/g"},
                                 {"/./g", "http://a/g"},
                                 {"/../g", "http://a/g"},
                                 {"g.", "http://a/b/c/g."},
                                 {".g", "http://a/b/c/.g"},
                                 {"g..", "http://a/b/c/g.."},
                                 {"..g", "http://a/b/c/..g"},
                                 {"./../g", "http://a/b/g"},
                                 {"./g/.", "http://a/b/c/g/"},
                                 {"g/./h", "http://a/b/c/g/h"},
                                 {"g/../h", "http://a/b/c/h"},
                                 {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
                                 {"g;x=1/../y", "http://a/b/c/y"},
                                 {"g?y/./x", "http://a/b/c/g?y/./x"},
                                 {"g?y/../x", "http://a/b/c/g?y/../x"},
                                 {"g#s/./x", "http://a/b/c/g"},
                                 {"g#s/../x", "http://a/b/c/g"},
                                 {"?", "http://a/b/c/d;p?"},
                                 {"http://x/y/../z", "http://x/z"},
                                 {"//g?q", "http://g/?q"},
                                 {"HTTPS://X", "https://x/"},
                                 {"/g:h", "http://a/g:h"},
                                 {"./g:h", "http://a/b/c/g:h"}};
  for (const auto& row : rows) EXPECT_EQ(resolved("http://a/b/c/d;p?q", row[0]), row[1]) << row[0];
}

TEST(Url, AReferenceWithoutASchemeKeepsItsOwn) {
  EXPECT_EQ(resolved("https://a:8443/x", "//b/y"), "https://b/y");
  EXPECT_EQ(resolved("https://a:8443/x", "/y"), "https://a:8443/y");
  EXPECT_EQ(resolved("http://[::1]:8080/x?q", "y"), "http://[::1]:8080/y");
  EXPECT_EQ(resolved("http://a", "y"), "http://a/y");
}

TEST(Url, RefusesReferencesThatLeadAstray) {
  for (const char* reference :
       {"g:h", "http:g", "http:", "mailto:a@b", "javascript:alert(1)", "file:///x", "//", "///x", "//u:p@b/", "//b:0/",
        "/a b", "/a\r\nb", "/%", "\\\\b", "/\\b", "1:2", ":", "/\xc3\xa9"}) {
    EXPECT_TRUE(resolved("http://a/b", reference).starts_with("! ")) << reference;
  }
}

TEST(Url, SameOriginComparesSchemeHostAndPort) {
  const Url base = *Url::parse("https://example.org/x");
  EXPECT_TRUE(base.same_origin(*Url::parse("https://EXAMPLE.org:443/other?q")));
  EXPECT_FALSE(base.same_origin(*Url::parse("http://example.org/x")));
  EXPECT_FALSE(base.same_origin(*Url::parse("https://example.org:444/x")));
  EXPECT_FALSE(base.same_origin(*Url::parse("https://www.example.org/x")));
}

TEST(Url, ParsingItsOwnTextGivesAnEqualUrl) {
  for (const char* text :
       {"http://a", "http://a?", "HTTP://A:81/../x?y#z", "https://[::FFFF:1.2.3.4]/", "http://a./%41"}) {
    const Url url = *Url::parse(text);
    EXPECT_EQ(*Url::parse(url.str()), url) << text;
    EXPECT_EQ(*url.resolve(url.str()), url) << text;
  }
}

}  // namespace
}  // namespace torc::http
