#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <random>
#include <unordered_map>
#include <vector>

#include "torc/base/address.hpp"
#include "torc/base/unique_fd.hpp"

namespace torc {
namespace {

using namespace std::string_view_literals;

static_assert(sizeof(SocketAddress) == 32);
static_assert(std::is_nothrow_move_constructible_v<SocketAddress>);

SocketAddress at(std::string_view text) {
  auto address = SocketAddress::parse(text);
  EXPECT_TRUE(address) << address.error();
  return address ? *address : SocketAddress{};
}

SocketAddress through_the_system(const SocketAddress& address) {
  sockaddr_storage storage;
  const std::uint32_t length = address.to_sockaddr(&storage);
  auto back = SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), length);
  EXPECT_TRUE(back) << back.error();
  return back ? *back : SocketAddress{};
}

TEST(SocketAddress, ParsesAndPrints) {
  for (auto text : {"1.2.3.4:80", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:80", "[fe80::1%3]:22",
                    "[::ffff:1.2.3.4]:5", "unix:/run/web.sock", "unix:relative", "unix:@torc", "unix:./@file"})
    EXPECT_EQ(at(text).str(), text);
  EXPECT_EQ(at("1.2.3.4:80").port(), 80);
  EXPECT_EQ(at("[::1]:80").ip(), IpAddress::loopback_v6());
  EXPECT_EQ(at("unix:/run/web.sock").path(), "/run/web.sock");
  EXPECT_EQ(at("unix:@torc").path(), "torc");
  EXPECT_TRUE(at("unix:@torc").is_abstract());
  EXPECT_FALSE(at("unix:./@torc").is_abstract());
  EXPECT_EQ(SocketAddress{}.str(), "0.0.0.0:0");
}

TEST(SocketAddress, RefusesWhatIsNotOne) {
  for (auto text : {"",
                    ":",
                    ":80",
                    "80",
                    "1.2.3.4",
                    "1.2.3.4:",
                    "1.2.3.4:65536",
                    "1.2.3.4:080",
                    "1.2.3.4:+80",
                    "1.2.3.4: 80",
                    "1.2.3.4:80 ",
                    "1.2.3.4:80:80",
                    "127.1:80",
                    "0x7f.1:80",
                    "::1:80",
                    "[::1]",
                    "[::1]:",
                    "[::1]80",
                    "[::1",
                    "[1.2.3.4]:80",
                    "[]:80",
                    "[[::1]]:80",
                    "localhost:80",
                    "unix:",
                    "unix:@",
                    "*:80"})
    EXPECT_FALSE(SocketAddress::parse(text)) << text;
  EXPECT_EQ(SocketAddress::parse("::1:80").error(),
            "socket address \"::1:80\": it is written 192.0.2.1:80, [2001:db8::1]:80, unix:/path or unix:@name");
  EXPECT_EQ(SocketAddress::parse("1.2.3.4:99999").error(),
            "socket address \"1.2.3.4:99999\": the port is a number from 0 to 65535");
}

TEST(SocketAddress, UnixPathsAreRefusedRatherThanTruncated) {
  const std::string longest(SocketAddress::kMaxUnixPath, 'x');
  EXPECT_EQ(through_the_system(SocketAddress::unix_path(longest).value()).path(), longest);
  EXPECT_EQ(through_the_system(SocketAddress::unix_abstract(longest).value()).path(), longest);
  EXPECT_FALSE(SocketAddress::unix_path(longest + "x"));
  EXPECT_FALSE(SocketAddress::unix_abstract(longest + "x"));
  EXPECT_FALSE(SocketAddress::unix_path("/run/web.sock\0.evil"sv));
  EXPECT_FALSE(SocketAddress::unix_path(""));
  EXPECT_FALSE(SocketAddress::unix_abstract(""));
  EXPECT_EQ(through_the_system(SocketAddress::unix_abstract("a\0b"sv).value()).path(), "a\0b"sv);
}

TEST(SocketAddress, PrintsNoControlBytes) {
  EXPECT_EQ(SocketAddress::unix_abstract("a\n\0b"sv).value().str(), "unix:@a\\n\\x00b");
  EXPECT_EQ(SocketAddress::unix_path("/tmp/\x1b[2J").value().str(), "unix:/tmp/\\x1b[2J");
}

TEST(SocketAddress, GoesThroughSockaddrUnchanged) {
  std::mt19937_64 random{5};
  for (int round = 0; round < 1000; ++round) {
    IpAddress::V6Bytes bytes;
    for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
    const auto port = static_cast<std::uint16_t>(random());
    const SocketAddress v6{IpAddress{bytes, static_cast<std::uint32_t>(random())}, port};
    const SocketAddress v4{IpAddress{IpAddress::V4Bytes{bytes[0], bytes[1], bytes[2], bytes[3]}}, port};
    for (const SocketAddress& address : {v4, v6}) {
      ASSERT_EQ(through_the_system(address), address);
      ASSERT_EQ(at(address.str()), address) << address.str();
    }
  }
  for (auto text : {"unix:/run/web.sock", "unix:@torc", "unix:x"}) EXPECT_EQ(through_the_system(at(text)), at(text));
}

TEST(SocketAddress, MatchesTheSystemsStructures) {
  sockaddr_storage storage;
  EXPECT_EQ(at("1.2.3.4:80").to_sockaddr(&storage), sizeof(sockaddr_in));
  const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
  EXPECT_EQ(in.sin_family, AF_INET);
  EXPECT_EQ(in.sin_port, htons(80));
  EXPECT_EQ(in.sin_addr.s_addr, htonl(0x01020304));
  EXPECT_EQ(at("[fe80::1%7]:80").to_sockaddr(&storage), sizeof(sockaddr_in6));
  EXPECT_EQ(reinterpret_cast<const sockaddr_in6&>(storage).sin6_scope_id, 7u);
  EXPECT_EQ(reinterpret_cast<const sockaddr_in6&>(storage).sin6_flowinfo, 0u);
}

TEST(SocketAddress, RefusesShortAndForeignSockaddrs) {
  sockaddr_storage storage{};
  const auto* raw = reinterpret_cast<const sockaddr*>(&storage);
  EXPECT_FALSE(SocketAddress::from_sockaddr(nullptr, 0));
  EXPECT_FALSE(SocketAddress::from_sockaddr(raw, 0));
  EXPECT_FALSE(SocketAddress::from_sockaddr(raw, sizeof storage)) << "AF_UNSPEC";
  storage.ss_family = AF_INET;
  EXPECT_FALSE(SocketAddress::from_sockaddr(raw, sizeof(sockaddr_in) - 1));
  storage.ss_family = AF_INET6;
  EXPECT_FALSE(SocketAddress::from_sockaddr(raw, sizeof(sockaddr_in)));
  reinterpret_cast<sockaddr_in6&>(storage).sin6_scope_id = 0x80000000;
  EXPECT_FALSE(SocketAddress::from_sockaddr(raw, sizeof(sockaddr_in6)));
  storage = {};
  storage.ss_family = AF_UNIX;
  EXPECT_FALSE(SocketAddress::from_sockaddr(raw, sizeof storage)) << "longer than any UNIX address";
}

TEST(SocketAddress, AnUnnamedUnixSocketHasAnEmptyPath) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  UniqueFd a{fds[0]}, b{fds[1]};
  sockaddr_storage storage;
  socklen_t length = sizeof storage;
  ASSERT_EQ(::getpeername(a.get(), reinterpret_cast<sockaddr*>(&storage), &length), 0);
  const SocketAddress peer = SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), length).value();
  EXPECT_TRUE(peer.is_unix());
  EXPECT_FALSE(peer.is_abstract());
  EXPECT_EQ(peer.path(), "");
  EXPECT_EQ(peer.str(), "unix:");
  EXPECT_EQ(through_the_system(peer), peer);
}

TEST(SocketAddress, ReadsAPathThatFillsTheStructure) {
  // Linux binds a path of 108 bytes without NUL and reports it with one, beyond the end of sockaddr_un.
  char folder[] = "/tmp/torc_address_XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string path = std::string{folder} + "/" + std::string(108 - sizeof folder, 'p');
  ASSERT_EQ(path.size(), 108u);
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.data(), 108);
  UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&un), sizeof un), 0);
  sockaddr_storage storage;
  socklen_t length = sizeof storage;
  ASSERT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &length), 0);
  const auto address = SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), length);
  EXPECT_TRUE(address) << address.error();
  if (address) {
    EXPECT_EQ(address->path(), path);
    EXPECT_EQ(address->to_sockaddr(&storage), sizeof un);
  }
  ::unlink(path.c_str());
  ::rmdir(folder);
}

TEST(SocketAddress, CopiesAreIndependentAndMovedFromIsDefault) {
  SocketAddress a = at("unix:/run/web.sock");
  SocketAddress b = a;
  EXPECT_EQ(a, b);
  SocketAddress c = std::move(a);
  EXPECT_EQ(c, b);
  EXPECT_EQ(a, SocketAddress{});  // NOLINT(bugprone-use-after-move)
  c = at("1.2.3.4:80");
  EXPECT_EQ(b.path(), "/run/web.sock");
  b = c;
  EXPECT_EQ(b.str(), "1.2.3.4:80");
  SocketAddress& alias = b;
  b = alias;
  b = std::move(alias);
  EXPECT_EQ(b.str(), "1.2.3.4:80");
  c = std::move(b);
  EXPECT_EQ(b, SocketAddress{});  // NOLINT(bugprone-use-after-move)
}

TEST(SocketAddress, UnmapsTheAddressAndKeepsThePort) {
  EXPECT_EQ(at("[::ffff:1.2.3.4]:80").unmapped().str(), "1.2.3.4:80");
  EXPECT_EQ(at("unix:/x").unmapped(), at("unix:/x"));
}

TEST(SocketAddress, OrdersAndHashes) {
  const std::vector<SocketAddress> sorted{at("1.2.3.4:80"), at("1.2.3.4:81"), at("1.2.3.5:1"), at("[::1]:80"),
                                          at("unix:@z"),    at("unix:a"),     at("unix:b")};
  std::unordered_map<SocketAddress, std::size_t> map;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    map[sorted[i]] = i;
    for (std::size_t j = 0; j < sorted.size(); ++j) EXPECT_EQ(sorted[i] <=> sorted[j], i <=> j) << i << ' ' << j;
  }
  EXPECT_EQ(map.size(), sorted.size());
  EXPECT_EQ(map.at(at("unix:@z")), 4u);
  EXPECT_NE(at("unix:@z"), at("unix:z"));
  EXPECT_NE(std::hash<SocketAddress>{}(at("unix:@z")), std::hash<SocketAddress>{}(at("unix:z")));
}

}  // namespace
}  // namespace torc
