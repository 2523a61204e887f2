#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include "torc/base/address.hpp"

namespace torc {
namespace {

using namespace std::string_view_literals;

static_assert(sizeof(IpAddress) == 20 && std::is_trivially_copyable_v<IpAddress>);
static_assert(IpAddress{} == IpAddress::any_v4());

IpAddress ip(std::string_view text) {
  auto address = IpAddress::parse(text);
  EXPECT_TRUE(address) << address.error();
  return address.value_or(IpAddress{});
}

// What the system's own strict reader says, as a second opinion.
std::optional<std::string> system_bytes(const std::string& text) {
  char bytes[16];
  const bool v6 = text.contains(':');
  if (text.contains('\0') || ::inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes) != 1) return std::nullopt;
  return std::string(bytes, v6 ? 16 : 4);
}

TEST(IpAddress, ParsesAndPrintsV4) {
  for (auto text : {"0.0.0.0", "127.0.0.1", "192.0.2.1", "255.255.255.255", "1.20.100.0"}) {
    EXPECT_TRUE(ip(text).is_v4());
    EXPECT_EQ(ip(text).str(), text);
  }
  EXPECT_EQ(ip("1.2.3.4"), IpAddress(IpAddress::V4Bytes{1, 2, 3, 4}));
  EXPECT_EQ(ip("1.2.3.4").bytes(), "\1\2\3\4"sv);
}

TEST(IpAddress, RefusesEveryOtherSpellingOfV4) {
  for (auto text : {"127.1",      "0x7f.1",     "0x7f.0.0.1",
                    "0177.0.0.1", "2130706433", "127.0.0.01",
                    "127.0.0.1.", ".127.0.0.1", "127.0.0",
                    "1.2.3.4.5",  "256.0.0.1",  "1.2.3.-4",
                    "1.2.3.+4",   " 1.2.3.4",   "1.2.3.4 ",
                    "1..2.3",     "1.2.3.4\n",  "1.2.3",
                    "00.0.0.0",   "1,2,3,4",    "1.2.3.4/8",
                    "1.2.3.4:80", "1.2.3.4%1",  "a.b.c.d",
                    "...",        "1.2.3.",     "99999999999999999999.1.1.1"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse("1.2.3.4\0"sv));
  EXPECT_FALSE(IpAddress::parse(""));
}

TEST(IpAddress, PrintsV6AsRfc5952) {
  const std::pair<const char*, const char*> cases[] = {
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"2001:0DB8:0000:0000:0008:0800:200C:417A", "2001:db8::8:800:200c:417a"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},          // one zero group is not shortened
      {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},                   // the longest run
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},             // the first of equal runs
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"},
      {"::1.2.3.4", "::102:304"},
      {"FE80::ABCD", "fe80::abcd"},
  };
  for (auto [text, printed] : cases) EXPECT_EQ(ip(text).str(), printed) << text;
}

TEST(IpAddress, RefusesMalformedV6) {
  for (auto text : {":",
                    ":::",
                    "1:",
                    ":1",
                    "1::2::3",
                    "1:::2",
                    "1:2:3:4:5:6:7",
                    "1:2:3:4:5:6:7:8:9",
                    "1:2:3:4:5:6:7:8::",
                    "::1:2:3:4:5:6:7:8",
                    "1:2:3:4::5:6:7:8",
                    "12345::",
                    "g::",
                    "::1 ",
                    " ::1",
                    "[::1]",
                    "::1/128",
                    "1.2.3.4::",
                    "::1.2.3",
                    "::1.2.3.4.5",
                    "::1.2.3.4:5",
                    "1:2:3:4:5:6:7:1.2.3.4",
                    "::0x1",
                    "::-1",
                    "::+1",
                    "::01.2.3.4",
                    "::256.1.1.1",
                    "::1\n",
                    "2001:db8"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse("::1\0"sv));
}

TEST(IpAddress, KeepsTheScopeOfALinkLocalAddress) {
  EXPECT_EQ(ip("fe80::1%3").scope(), 3u);
  EXPECT_EQ(ip("fe80::1%3").str(), "fe80::1%3");
  EXPECT_NE(ip("fe80::1%3"), ip("fe80::1"));
  EXPECT_EQ(ip("fe80::1%2147483647").scope(), IpAddress::kMaxScope);
  EXPECT_EQ(ip("fe80::1%0"), ip("fe80::1"));
  if (const unsigned index = ::if_nametoindex("lo"); index != 0) EXPECT_EQ(ip("fe80::1%lo").scope(), index);
  for (auto text : {"fe80::1%", "fe80::1%03", "fe80::1%2147483648", "fe80::1%no-such-if0", "fe80::1%3%3", "fe80::1%3 ",
                    "fe80::1%a-name-longer-than-any-interface", "%3"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse("fe80::1%lo\0"sv));
}

TEST(IpAddress, ErrorsAreOneLineThatNamesTheInput) {
  EXPECT_EQ(IpAddress::parse("127.1").error(),
            "IP address \"127.1\": an IPv4 address is four decimal numbers from 0 to 255 without leading zeros, such "
            "as 192.0.2.1");
  EXPECT_EQ(IpAddress::parse("a\nb").error().find('\n'), std::string::npos);
  EXPECT_LT(IpAddress::parse(std::string(100000, ':')).error().size(), 400u);
  EXPECT_TRUE(IpAddress::parse("[::1]").error().contains("without brackets"));
}

TEST(IpAddress, ReadsWhatTheSystemReads) {
  std::mt19937_64 random{2};
  const std::string_view alphabet = "0123456789abcdefF:::..x";
  int accepted = 0;
  for (int round = 0; round < 300000; ++round) {
    std::string text;
    if (round % 2 == 0) {
      // A correct address with a little damage; pure noise is almost never close to right.
      IpAddress::V6Bytes bytes{};
      for (auto& b : bytes) b = static_cast<std::uint8_t>(random() % 3 == 0 ? random() : 0);
      text = round % 4 == 0 ? IpAddress{bytes}.str()
                            : IpAddress{IpAddress::V4Bytes{bytes[0], bytes[1], bytes[2], bytes[3]}}.str();
      for (auto damage = random() % 3; damage > 0; --damage) {
        const std::size_t at = random() % text.size();
        if (random() % 2 == 0)
          text[at] = alphabet[random() % alphabet.size()];
        else
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
      }
    } else {
      for (auto n = random() % 12; n > 0; --n) text += alphabet[random() % alphabet.size()];
    }
    const auto ours = IpAddress::parse(text);
    const auto theirs = system_bytes(text);
    ASSERT_EQ(ours.has_value(), theirs.has_value()) << text;
    if (ours) {
      ++accepted;
      ASSERT_EQ(ours->bytes(), *theirs) << text;
      ASSERT_EQ(IpAddress::parse(ours->str()), ours) << text;
    }
  }
  EXPECT_GT(accepted, 50000);
}

TEST(IpAddress, PrintingIsCanonical) {
  std::mt19937_64 random{3};
  for (int round = 0; round < 50000; ++round) {
    IpAddress::V6Bytes bytes{};
    for (std::size_t i = 0; i < 16; i += 2)
      if (random() % 2 == 0)
        bytes[i] = static_cast<std::uint8_t>(random()), bytes[i + 1] = static_cast<std::uint8_t>(random());
    const IpAddress address{bytes};
    char theirs[INET6_ADDRSTRLEN];
    ASSERT_NE(::inet_ntop(AF_INET6, bytes.data(), theirs, sizeof theirs), nullptr);
    if (!std::strchr(theirs, '.')) {
      ASSERT_EQ(address.str(), theirs);
    }
    ASSERT_EQ(ip(address.str()), address);
  }
}

TEST(IpAddress, Classifies) {
  for (auto text : {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(ip(text).is_loopback()) << text;
  for (auto text : {"128.0.0.1", "126.255.255.255", "::2", "::", "fe80::1"})
    EXPECT_FALSE(ip(text).is_loopback()) << text;
  for (auto text : {"0.0.0.0", "::", "::ffff:0.0.0.0"}) EXPECT_TRUE(ip(text).is_any()) << text;
  for (auto text : {"0.0.0.1", "::1"}) EXPECT_FALSE(ip(text).is_any()) << text;
  for (auto text : {"224.0.0.1", "239.255.255.255", "ff02::1", "::ffff:224.0.0.1"})
    EXPECT_TRUE(ip(text).is_multicast()) << text;
  for (auto text : {"223.255.255.255", "240.0.0.0", "fe80::1"}) EXPECT_FALSE(ip(text).is_multicast()) << text;
  for (auto text : {"10.0.0.1", "172.16.0.0", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::1", "::ffff:10.1.1.1"})
    EXPECT_TRUE(ip(text).is_private()) << text;
  for (auto text : {"11.0.0.1", "172.15.255.255", "172.32.0.0", "192.169.0.1", "fe00::1", "8.8.8.8"})
    EXPECT_FALSE(ip(text).is_private()) << text;
  for (auto text : {"169.254.1.1", "fe80::1", "febf::1", "::ffff:169.254.0.1"})
    EXPECT_TRUE(ip(text).is_link_local()) << text;
  for (auto text : {"169.253.1.1", "fec0::1"}) EXPECT_FALSE(ip(text).is_link_local()) << text;
}

TEST(IpAddress, UnmapsOnlyMappedAddresses) {
  EXPECT_EQ(ip("::ffff:1.2.3.4").unmapped(), ip("1.2.3.4"));
  EXPECT_NE(ip("::ffff:1.2.3.4"), ip("1.2.3.4"));
  for (auto text : {"1.2.3.4", "::1.2.3.4", "::fffe:1.2.3.4", "1::ffff:1.2.3.4", "::1"}) {
    EXPECT_FALSE(ip(text).is_v4_mapped()) << text;
    EXPECT_EQ(ip(text).unmapped(), ip(text)) << text;
  }
}

TEST(IpAddress, OrdersV4FirstThenByNumberThenByScope) {
  std::vector<IpAddress> sorted{ip("0.0.0.0"), ip("9.255.255.255"), ip("10.0.0.0"),  ip("255.0.0.0"), ip("::"),
                                ip("::1"),     ip("fe80::1"),       ip("fe80::1%1"), ip("fe80::1%2")};
  for (std::size_t i = 0; i < sorted.size(); ++i)
    for (std::size_t j = 0; j < sorted.size(); ++j) EXPECT_EQ(sorted[i] <=> sorted[j], i <=> j);
}

TEST(IpAddress, HashesSpread) {
  std::unordered_set<std::size_t> hashes;
  for (std::uint32_t i = 0; i < 100000; ++i) {
    const auto byte = [i](int shift) { return static_cast<std::uint8_t>(i >> shift); };
    hashes.insert(std::hash<IpAddress>{}(IpAddress{IpAddress::V4Bytes{10, byte(16), byte(8), byte(0)}}) & 0xffffffff);
  }
  EXPECT_GT(hashes.size(), 99990u);
  EXPECT_EQ(std::hash<IpAddress>{}(ip("::1")), std::hash<IpAddress>{}(ip("0:0::1")));
  EXPECT_NE(std::hash<IpAddress>{}(ip("::")), std::hash<IpAddress>{}(ip("0.0.0.0")));
}

}  // namespace
}  // namespace torc
