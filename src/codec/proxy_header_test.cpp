#include <torc/codec/proxy_header.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace torc::codec {
namespace {

using namespace std::string_literals;
using Event = ProxyHeaderParser::Event;

// What the parser makes of `text` given whole, then byte by byte: the same. Errors as their clause.
std::string verdict(const std::string& text, std::size_t max_length = 4096) {
  std::string last;
  for (const std::size_t step : {text.size(), std::size_t{1}, std::size_t{7}}) {
    ProxyHeaderParser parser(max_length);
    Event event = Event::kNeedMore;
    std::size_t taken = 0;
    while (event == Event::kNeedMore && taken < text.size()) {
      std::string_view piece = std::string_view(text).substr(taken, step);
      const auto size = piece.size();
      event = parser.next(piece);
      taken += size - piece.size();
    }
    std::string now = std::string(parser.error());
    if (event == Event::kNeedMore) now = "needs more";
    if (event == Event::kDone) {
      const auto& ends = parser.header().ends;
      now = (ends ? ends->source.str() + " " + ends->destination.str() : "none") + " | " + text.substr(taken);
    }
    if (!last.empty()) EXPECT_EQ(now, last) << "in steps of " << step;
    last = now;
  }
  return last;
}

std::string v2(std::string_view after_signature) { return "\r\n\r\n\0\r\nQUIT\n"s + std::string(after_signature); }

TEST(ProxyHeader, ReadsALine) {
  EXPECT_EQ(verdict("PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\nGET /"),
            "192.0.2.1:40000 198.51.100.2:443 | GET /");
  EXPECT_EQ(verdict("PROXY TCP6 2001:db8::1 ::ffff:1.2.3.4 0 65535\r\n"), "[2001:db8::1]:0 [::ffff:1.2.3.4]:65535 | ");
  EXPECT_EQ(verdict("PROXY UNKNOWN\r\nx"), "none | x");
  EXPECT_EQ(verdict("PROXY UNKNOWN whatever it says \1\r\nx"), "none | x");
  const std::string longest = "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n";
  ASSERT_EQ(longest.size(), 107u);
  EXPECT_EQ(verdict(longest + "x"), "none | x");
}

TEST(ProxyHeader, RefusesALineThatIsNone) {
  const std::string nothing = "it begins with no PROXY header";
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\n"), nothing);
  EXPECT_EQ(verdict("PROXI"), nothing);
  EXPECT_EQ(verdict("PROXY\r\n"), nothing);
  EXPECT_EQ(verdict("proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n"), nothing);
  EXPECT_EQ(verdict("PROXY UNKNOWN\nx"), "the line of its PROXY header does not end with CR LF");
  EXPECT_EQ(verdict("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n"),
            "the line of its PROXY header is longer than 107 bytes");
  for (const char* family : {"TCP5", "UDP4", "", "tcp4"})
    EXPECT_EQ(verdict("PROXY "s + family + " 1.1.1.1 2.2.2.2 1 2\r\n"),
              "its PROXY header is of no family that there is");
  for (const char* ends : {"1.1.1.1 2.2.2 1 2", "1.1.1.1 ::1 1 2", "", "1.1.1.1", " 1.1.1.1 2.2.2.2 1 2",
                           "01.1.1.1 2.2.2.2 1 2", "1.1.1.1  2.2.2.2 1 2", "localhost 2.2.2.2 1 2"})
    EXPECT_EQ(verdict("PROXY TCP4 "s + ends + "\r\n"), "an address in its PROXY header is none of its family") << ends;
  EXPECT_EQ(verdict("PROXY TCP6 fe80::1%1 ::1 1 2\r\n"), "an address in its PROXY header is none of its family");
  for (const char* ports : {"", "1", "1 65536", "-1 2", "01 2", "1 ", " 1", "1 x"})
    EXPECT_EQ(verdict("PROXY TCP4 1.1.1.1 2.2.2.2 "s + ports + "\r\n"),
              "a port in its PROXY header is no number from 0 to 65535")
        << ports;
  EXPECT_EQ(verdict("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n"), "its PROXY header has something behind the ports");
}

TEST(ProxyHeader, ReadsTheBinaryForm) {
  EXPECT_EQ(verdict(v2("\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\x9c\x40\1\xbbrest"s)),
            "192.0.2.1:40000 198.51.100.2:443 | rest");
  EXPECT_EQ(verdict(v2("\x20\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\x9c\x40\1\xbbrest"s)), "none | rest")
      << "the proxy's own: what it says of addresses is ignored";
  EXPECT_EQ(verdict(v2("\x20\x7f\0\3abcrest"s)), "none | rest") << "its family too";
  EXPECT_EQ(verdict(v2("\x21\0\0\0rest"s)), "none | rest");
  EXPECT_EQ(verdict(v2("\x21\0\0\3abcrest"s)), "none | rest");
  EXPECT_EQ(verdict(v2("\x21\x11\0\x13\xc0\0\2\1\xc6\x33\x64\2\x9c\x40\1\xbb\1\0\4h2xxrest"s)),
            "192.0.2.1:40000 198.51.100.2:443 | rest")
      << "extensions are passed over";
}

TEST(ProxyHeader, RefusesABinaryFormThatIsNone) {
  EXPECT_EQ(verdict("\r\n\r\n\0\r\nQUIX"s), "it begins with no PROXY header");
  EXPECT_EQ(verdict("\r\nGET"), "it begins with no PROXY header");
  EXPECT_EQ(verdict(v2("\x11\x11\0\x0c"s)), "its PROXY header is of no version that there is");
  EXPECT_EQ(verdict(v2("\x22\x11\0\x0c"s)), "its PROXY header has no command that there is");
  for (const char family : {'\x12', '\x22', '\x32', '\x41', '\x01', '\x10', '\xff'})
    EXPECT_EQ(verdict(v2("\x21"s + family + "\0\x0c"s)), "its PROXY header is for no stream of a family that there is");
  EXPECT_EQ(verdict(v2("\x21\x21\0\x0c"s)), "its PROXY header is too short for its addresses");
  EXPECT_EQ(verdict(v2("\x21\x11\x0f\xf1"s)), "its PROXY header is longer than the limit");
  EXPECT_EQ(verdict(v2("\x21\x11\x0f\xf0"s)), "needs more") << "4096 bytes are let through";
  EXPECT_EQ(verdict(v2("\x20\0\0\x31"s), 64), "its PROXY header is longer than the limit");
}

}  // namespace
}  // namespace torc::codec
