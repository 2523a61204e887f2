#include "torc/base/host_name.hpp"

#include <gtest/gtest.h>

namespace torc {
namespace {

using namespace std::string_view_literals;

std::string repeat(std::string_view text, int times) {
  std::string out;
  while (times-- > 0) out += text;
  return out;
}

TEST(HostName, AcceptsNamesAndAddresses) {
  for (auto host : {"localhost", "example.org", "example.org.", "EXAMPLE.org", "a", "a-b.c--d", "_sip._tcp.example.org",
                    "xn--bcher-kva.example", "1.example", "123.45a", "0x7f.example", "0x7g", "1.2.3.4", "::1",
                    "fe80::1%3", "4.3.2.1.in-addr.arpa"})
    EXPECT_TRUE(check_host(host)) << host;
}

TEST(HostName, LengthsAreRefusedRatherThanTruncated) {
  const std::string label(63, 'a');
  EXPECT_TRUE(check_host(label + ".org"));
  EXPECT_FALSE(check_host(label + "a.org"));
  const std::string longest = repeat(label + ".", 3) + std::string(61, 'b');  // 253 characters
  EXPECT_TRUE(check_host(longest));
  EXPECT_TRUE(check_host(longest + "."));
  EXPECT_FALSE(check_host(longest + "b"));
  EXPECT_FALSE(check_host(std::string(1 << 20, 'a')));
}

TEST(HostName, WhatEndsInANumberIsAFullIpv4Address) {
  for (auto host : {"127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.0.0.1.", "1.2.3.4.5", "example.1",
                    "example.0x", "0X7F.0x1", "256.256.256.256", "1.2.3.04"})
    EXPECT_FALSE(check_host(host)) << host;
}

TEST(HostName, RefusesWhatIsNoName) {
  for (auto host : {"",
                    ".",
                    "..",
                    "a..b",
                    ".a",
                    "a b",
                    "a/b",
                    "a:b",
                    "[::1]",
                    "a@b",
                    "-a",
                    "a-.b",
                    "-oProxyCommand=x",
                    "a\nb",
                    "a%41",
                    "büro.example",
                    "a,b",
                    "*",
                    "*.example.org",
                    "::1:"})
    EXPECT_FALSE(check_host(host)) << host;
  EXPECT_FALSE(check_host("example.org\0.evil"sv));
}

TEST(HostName, ErrorsNameTheHostOnOneLine) {
  EXPECT_EQ(check_host("127.1").error(),
            "host \"127.1\": an IPv4 address is written in full as four decimal numbers, such as 192.0.2.1");
  EXPECT_EQ(check_host("a\nb").error(),
            "host \"a\\nb\": a name holds only letters, digits, '-', '_' and dots between labels");
  EXPECT_LT(check_host(std::string(1 << 20, 'a')).error().size(), 250u);
}

}  // namespace
}  // namespace torc
