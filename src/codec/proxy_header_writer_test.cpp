#include <torc/codec/proxy_header.hpp>

#include <gtest/gtest.h>

#include <string>

namespace torc::codec {
namespace {

using namespace std::string_literals;
using Event = ProxyHeaderParser::Event;

SocketAddress at(std::string_view text) { return *SocketAddress::parse(text); }

ProxyHeader from(std::string_view source, std::string_view destination) {
  return {.ends = ProxyHeader::Ends{at(source), at(destination)}};
}

TEST(ProxyHeader, IsReadAsItWasWritten) {
  for (const auto& header : {ProxyHeader{}, from("192.0.2.1:40000", "198.51.100.2:443"),
                             from("[2001:db8::1]:1", "[::1]:65535"), from("unix:/run/a.sock", "unix:@abstract name"),
                             from("unix:/" + std::string(106, 'p'), "unix:@" + std::string(107, 'n'))}) {
    std::string written = write_proxy_header_v2(header, "\1\0\1x"s) + "rest";
    std::string_view input = written;
    ProxyHeaderParser parser;
    ASSERT_EQ(parser.next(input), Event::kDone) << parser.error();
    EXPECT_EQ(input, "rest");
    EXPECT_EQ(parser.header(), header);

    written = write_proxy_header_v1(header);
    input = written;
    ProxyHeaderParser line;
    ASSERT_EQ(line.next(input), Event::kDone) << line.error();
    const bool ip = header.ends && header.ends->source.is_ip();
    EXPECT_EQ(line.header(), ip ? header : ProxyHeader{}) << "a line cannot tell of UNIX sockets";
  }
}

TEST(ProxyHeaderWriter, SaysWhatTheSpecificationShows) {
  const auto header = from("192.0.2.1:40000", "198.51.100.2:443");
  EXPECT_EQ(write_proxy_header_v1(header), "PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n");
  EXPECT_EQ(write_proxy_header_v1(from("[2001:db8::1]:1", "[::1]:2")), "PROXY TCP6 2001:db8::1 ::1 1 2\r\n");
  EXPECT_EQ(write_proxy_header_v2(header), "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\x9c\x40\1\xbb"s);
  EXPECT_EQ(write_proxy_header_v2({}), "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"s) << "a connection of the proxy's own";
}

TEST(ProxyHeaderWriter, SaysUnknownOfWhatIsNotOneFamily) {
  for (const auto& mixed :
       {from("192.0.2.1:1", "[::1]:2"), from("[::1]:1", "192.0.2.1:2"), from("unix:/a", "192.0.2.1:2")}) {
    EXPECT_EQ(write_proxy_header_v1(mixed), "PROXY UNKNOWN\r\n");
    EXPECT_EQ(write_proxy_header_v2(mixed), "\r\n\r\n\0\r\nQUIT\n\x21\0\0\0"s);
  }
  EXPECT_EQ(write_proxy_header_v1({}), "PROXY UNKNOWN\r\n");
}

TEST(ProxyHeaderWriter, LeavesOutTheScopeThatMeansNothingElsewhere) {
  EXPECT_EQ(write_proxy_header_v1(from("[fe80::1%1]:1", "[fe80::2%1]:2")), "PROXY TCP6 fe80::1 fe80::2 1 2\r\n");
}

TEST(ProxyHeaderWriter, TakesExtensionsUpToItsLimit) {
  const std::string most(65'000, 'x');
  const std::string written = write_proxy_header_v2(from("unix:/a", "unix:/b"), most) + "rest";
  std::string_view input = written;
  ProxyHeaderParser parser(70'000);
  ASSERT_EQ(parser.next(input), Event::kDone) << parser.error();
  EXPECT_EQ(input, "rest");
}

}  // namespace
}  // namespace torc::codec
