// What the strings of client endpoints mean, and what is refused.
#include <gtest/gtest.h>

#include <random>

#include "endpoint/endpoint_faults.hpp"
#include "torc/endpoint/endpoint.hpp"

namespace torc {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

// Parsed, as an E.
template <typename E>
E as(std::string_view text) {
  auto endpoint = parse_client_endpoint(text);
  EXPECT_TRUE(endpoint) << endpoint.error().message;
  return endpoint ? std::get<E>(*endpoint) : E{};
}

TcpClientEndpoint client(std::string_view text) { return as<TcpClientEndpoint>(text); }

TEST(ClientEndpoint, TakesHostAndPort) {
  EXPECT_EQ(client("tcp:example.org:80"), (TcpClientEndpoint{.host = "example.org", .port = 80}));
  EXPECT_EQ(client("tcp:127.0.0.1:80").host, "127.0.0.1");
  EXPECT_EQ(client("tcp:[::1]:80"), (TcpClientEndpoint{.host = "::1", .port = 80}));
  EXPECT_EQ(client("tcp:\\:\\:1:80").host, "::1");
  EXPECT_EQ(client("tcp:host=example.org:port=80"), client("tcp:example.org:80"));
  EXPECT_EQ(client("tcp:port=80:host=[::1]"), client("tcp:[::1]:80"));
  EXPECT_EQ(client("tcp:example.org:port=80"), client("tcp:example.org:80"));
  EXPECT_EQ(client("tcp:host=example.org:80"), client("tcp:example.org:80"));
  EXPECT_EQ(client("tcp:x:80").timeout, 30s);
}

TEST(ClientEndpoint, TakesItsOptions) {
  EXPECT_EQ(client("tcp:x:80:timeout=5:bind=10.0.0.1"),
            (TcpClientEndpoint{.host = "x", .port = 80, .timeout = 5s, .bind = "10.0.0.1"}));
  EXPECT_EQ(client("tcp:x:80:bindAddress=[::1]").bind, "::1");
  EXPECT_EQ(client("tcp:x:80:timeout=0.25").timeout, 250ms);
  EXPECT_EQ(client("tcp:x:80:timeout=0.001").timeout, 1ms);
  EXPECT_EQ(client("tcp:x:80:timeout=1.5").timeout, 1500ms);
  EXPECT_EQ(client("tcp:x:80:timeout=1000000").timeout, 1000000s);
}

TEST(ClientEndpoint, RefusesBadHosts) {
  EXPECT_EQ(client_fault("tcp"), "4: host is missing; write tcp:HOST:PORT");
  EXPECT_EQ(client_fault("tcp:"), "5: host is missing; write tcp:HOST:PORT, an IPv6 address in brackets");
  EXPECT_EQ(client_fault("tcp::80"), "5: host is missing; write tcp:HOST:PORT, an IPv6 address in brackets");
  EXPECT_EQ(client_fault("tcp:::1:80"), "5: host is missing; write tcp:HOST:PORT, an IPv6 address in brackets");
  EXPECT_EQ(client_fault("tcp:[::1]80:80"), "5: brackets hold an IPv6 address, such as [2001:db8::1]");
  EXPECT_EQ(client_fault("tcp:[1.2.3.4]:80"), "5: brackets hold an IPv6 address, such as [2001:db8::1]");
  EXPECT_EQ(client_fault("tcp:[]:80"), "5: brackets hold an IPv6 address, such as [2001:db8::1]");
  EXPECT_EQ(client_fault("tcp:[:80"), "5: this bracket is not closed; write \\[ for one that is part of a name");
  EXPECT_EQ(client_fault("tcp:127.1:80"),
            "5: host \"127.1\": an IPv4 address is written in full as four decimal numbers, such as 192.0.2.1");
  EXPECT_EQ(client_fault("tcp:a b:80"),
            "5: host \"a b\": a name holds only letters, digits, '-', '_' and dots between labels");
  EXPECT_FALSE(parse_client_endpoint("tcp:" + std::string(64, 'a') + ":80")) << "a label is refused, not truncated";
  EXPECT_FALSE(parse_client_endpoint("tcp:example.org\0.evil:80"sv));
}

TEST(ClientEndpoint, RefusesBadPortsAndOptions) {
  EXPECT_EQ(client_fault("tcp:x"), "6: port is missing; write tcp:HOST:PORT");
  EXPECT_EQ(client_fault("tcp:x:"), "7: port must be a number from 1 to 65535");
  EXPECT_EQ(client_fault("tcp:x:0"), "7: port must be a number from 1 to 65535");
  EXPECT_EQ(client_fault("tcp:x:http"), "7: port must be a number from 1 to 65535");
  for (auto value : {"", "0", "0.0", "-1", "+1", "x", "1.", ".5", "1.2345", "1.5s", "1e3", "01", "1000001",
                     "99999999999999999999", "inf"})
    EXPECT_EQ(client_fault("tcp:x:80:timeout=" + std::string{value}),
              "18: timeout must be a number of seconds from 0.001 to 1000000, such as 30 or 0.5");
  EXPECT_EQ(client_fault("tcp:x:80:bind=eth0"), "15: bind must be an IP address, such as 127.0.0.1 or [::1]");
  EXPECT_EQ(client_fault("tcp:x:80:bind=1.1.1.1:bindAddress=1.1.1.1"),
            "23: bind and bindAddress mean the same; give one of them");
  EXPECT_EQ(client_fault("tcp:x:80:backlog=5"),
            "10: tcp has no option \"backlog\"; it takes timeout, bind, bindAddress, delay, "
            "nodelay, keepalive, usertimeout, fastopen");
  EXPECT_EQ(client_fault("haproxy:x:443"),
            "1: it begins with no kind that there is; use tcp, unix, tls, fd, process, stdio");
}

TEST(ClientEndpoint, TakesTheOptionsOfItsConnection) {
  EXPECT_EQ(as<TcpClientEndpoint>("tcp:x:80:delay=0.1:keepalive=5:nodelay=no"),
            (TcpClientEndpoint{
                .host = "x", .port = 80, .attempt_delay = 100ms, .options = {.no_delay = false, .keep_alive = 5s}}));
}

TEST(ClientEndpoint, UnixTakesAPathOrAnAbstractName) {
  EXPECT_EQ(as<UnixClientEndpoint>("unix:/run/web.sock:timeout=5"),
            (UnixClientEndpoint{.path = "/run/web.sock", .timeout = 5s}));
  EXPECT_EQ(as<UnixClientEndpoint>("unix:@name").path, "@name");
  EXPECT_EQ(client_fault("unix:/" + std::string(107, 'x')).substr(0, 3), "6: ");
  EXPECT_EQ(client_fault("unix:/a:mode=660"), "9: unix has no option \"mode\"; it takes timeout");
}

TEST(ClientEndpoint, TlsIsTcpWithTrust) {
  EXPECT_EQ(as<TlsClientEndpoint>("tls:example.org:443"),
            (TlsClientEndpoint{.tcp = {.host = "example.org", .port = 443}}));
  EXPECT_EQ(as<TlsClientEndpoint>("tls:x:443:timeout=5:cert=/a:key=/b:trust=/ca:alpn=h2"),
            (TlsClientEndpoint{.tcp = {.host = "x", .port = 443, .timeout = 5s},
                               .certificate = "/a",
                               .key = "/b",
                               .trust = "/ca",
                               .alpn = {"h2"}}));
  const auto over = as<TlsClientEndpoint>("tls:example.org:443:endpoint=unix\\:/run/x");
  EXPECT_EQ(*over.over, ClientEndpoint(UnixClientEndpoint{.path = "/run/x"}));
  EXPECT_EQ(client_fault("tls:x:443:endpoint=unix"),
            "20: endpoint \"unix\": path is missing; write unix:PATH (at character 5)");
}

TEST(ClientEndpoint, ProcessTakesWords) {
  EXPECT_EQ(as<ProcessClientEndpoint>("process:/bin/prog:-v:a\\:b:x\\=y"),
            (ProcessClientEndpoint{.command = {"/bin/prog", "-v", "a:b", "x=y"}}));
  EXPECT_EQ(as<ProcessClientEndpoint>("process:prog::directory=/tmp:errors=no:last"),
            (ProcessClientEndpoint{.command = {"prog", "", "last"}, .directory = "/tmp", .errors = false}));
  EXPECT_EQ(client_fault("process"), "8: program is missing; write process:PROGRAM:ARGUMENT");
  EXPECT_EQ(client_fault("process:"), "9: program is empty; write process:PROGRAM:ARGUMENT");
  EXPECT_EQ(client_fault("process:a:b=c"), "11: process has no option \"b\"; it takes directory, errors");
}

TEST(ClientEndpoint, EveryKindParsesBackToTheSameValue) {
  std::mt19937_64 random{11};
  const std::string_view words[] = {"/a", "@x", "a:b", "[c", "d=e", "f\\g", "h]i"};
  const auto word = [&] { return std::string(words[random() % std::size(words)]); };
  for (int round = 0; round < 20000; ++round) {
    ClientEndpoint endpoint;
    switch (random() % 4) {
      case 0:
        endpoint = UnixClientEndpoint{.path = word(), .timeout = std::chrono::milliseconds(random() % 99999 + 1)};
        break;
      case 1: endpoint = FdEndpoint{.descriptor = static_cast<int>(random() % 1000)}; break;
      case 2: endpoint = ProcessClientEndpoint{.command = {word(), "", word()}, .errors = random() % 2 == 0}; break;
      case 3: endpoint = StdioEndpoint(); break;
    }
    for (auto layers = random() % 3; layers > 0; --layers) {
      endpoint = TlsClientEndpoint{.tcp = {.host = "x", .port = 1, .bind = "::1"},
                                   .trust = word(),
                                   .over = std::make_shared<const ClientEndpoint>(std::move(endpoint))};
    }
    ASSERT_EQ(parse_client_endpoint(endpoint.str()), endpoint) << endpoint.str();
  }
}

}  // namespace
}  // namespace torc
