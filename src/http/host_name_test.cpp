#include "http/host_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace torc::http::detail {
namespace {

TEST(HostName, AcceptsEveryFormOfIpv6Address) {
  for (const char* text : {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "2001:db8::ff00:42:8329", "::ffff:192.0.2.1",
                           "1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "ABCD::abcd"}) {
    EXPECT_TRUE(is_ipv6(text)) << text;
  }
}

TEST(HostName, RefusesWhatIsNotAnIpv6Address) {
  for (const char* text : {"",
                           ":",
                           ":::",
                           "1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "::1:2:3:4:5:6:7:8",
                           "12345::",
                           "g::",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "1.2.3.4::",
                           "::1.2.3",
                           "::1.2.3.256",
                           "::1%eth0",
                           "fe80::1%25eth0",
                           ":1::",
                           "1:::2",
                           "v1.fe80",
                           "::1 ",
                           "1:2:3:4:5:6:7:",
                           "1.2.3.4"}) {
    EXPECT_FALSE(is_ipv6(text)) << text;
  }
}

TEST(HostName, AnIpv4AddressIsFourDecimalOctets) {
  for (const char* text : {"0.0.0.0", "127.0.0.1", "255.255.255.255", "10.20.30.199"})
    EXPECT_TRUE(is_ipv4(text)) << text;
  for (const char* text : {"", "1", "1.2.3", "1.2.3.", "1.2.3.4.", ".1.2.3.4", "1.2.3.256", "1.2.3.999", "01.2.3.4",
                           "1.2.3.4.5", "1..2.3", "0x7f.0.0.1", "1.2.3.4a", "-1.2.3.4"}) {
    EXPECT_FALSE(is_ipv4(text)) << text;
  }
}

TEST(HostName, AcceptsNamesAsTheyOccur) {
  for (const char* host : {"a", "localhost", "example.org", "example.org.", "xn--bcher-kva.example",
                           "_dmarc.example.org", "3com.com", "a-b.c", "127.0.0.1", "1.2.3.4.example", "0x.example"}) {
    EXPECT_EQ(host_name_fault(host), "") << host;
  }
  EXPECT_EQ(host_name_fault(std::string(63, 'a') + ".org"), "");
}

TEST(HostName, RefusesNamesThatCouldMeanAnotherHost) {
  for (const char* host : {"",
                           ".",
                           "..",
                           "a..b",
                           ".a",
                           "a b",
                           "a%62",
                           "a/b",
                           "a\\b",
                           "b\xc3\xbc"
                           "cher.de",
                           "a*b",
                           "a,b",
                           "127.1",
                           "0x7f.1",
                           "0x7f000001",
                           "2130706433",
                           "1.2.3",
                           "1.2.3.4.5",
                           "0177.0.0.1",
                           "a.0x",
                           "1.2.3.256",
                           "example.1"}) {
    EXPECT_NE(host_name_fault(host), "") << host;
  }
}

TEST(HostName, LimitsLabelsAndTheWholeName) {
  EXPECT_NE(host_name_fault(std::string(64, 'a') + ".org"), "");
  std::string host;
  for (int i = 0; i < 126; ++i) host += "a.";
  EXPECT_EQ(host_name_fault(host + "a"), "");
  EXPECT_NE(host_name_fault(host + "aa"), "");
}

}  // namespace
}  // namespace torc::http::detail
