// What the strings of server endpoints mean, and what is refused.
#include <gtest/gtest.h>

#include <random>

#include "endpoint/endpoint_faults.hpp"
#include "torc/endpoint/endpoint.hpp"

namespace torc {
namespace {

using namespace std::chrono_literals;

// Parsed, as an E.
template <typename E>
E as(std::string_view text) {
  auto endpoint = parse_server_endpoint(text);
  EXPECT_TRUE(endpoint) << endpoint.error().message;
  return endpoint ? std::get<E>(*endpoint) : E{};
}

TcpServerEndpoint server(std::string_view text) { return as<TcpServerEndpoint>(text); }

const std::string kTcpOptions = "address, interface, backlog, reuseport, nodelay, keepalive, usertimeout, fastopen";

TEST(ServerEndpoint, TakesAPort) {
  EXPECT_EQ(server("tcp:8080"), (TcpServerEndpoint{.port = 8080}));
  EXPECT_EQ(server("tcp:0").port, 0);
  EXPECT_EQ(server("tcp:65535").port, 65535);
  EXPECT_EQ(server("tcp:port=80").port, 80);
  EXPECT_EQ(server("tcp:80").backlog, 1024);
  EXPECT_EQ(server("tcp:80").address, "") << "every address, dual-stack";
}

TEST(ServerEndpoint, TakesItsOptionsInAnyOrder) {
  const TcpServerEndpoint all{.port = 80, .address = "127.0.0.1", .backlog = 50, .reuse_port = true};
  EXPECT_EQ(server("tcp:80:address=127.0.0.1:backlog=50:reuseport=yes"), all);
  EXPECT_EQ(server("tcp:reuseport=yes:backlog=50:80:address=127.0.0.1"), all);
  EXPECT_EQ(server("tcp:80:interface=127.0.0.1:backlog=50:reuseport=yes"), all);
  EXPECT_FALSE(server("tcp:80:reuseport=no").reuse_port);
  EXPECT_EQ(server("tcp:80:backlog=2147483647").backlog, 2147483647);
}

TEST(ServerEndpoint, TheExampleOfTheDocumentation) {
  const auto error = parse_server_endpoint("tcp:80x").error();
  EXPECT_EQ(error.message, "endpoint \"tcp:80x\": port must be a number from 0 to 65535 (at character 5)");
  EXPECT_EQ(error.position, 4u);
}

TEST(ServerEndpoint, RefusesBadPorts) {
  for (auto text : {"tcp:", "tcp:x", "tcp:-1", "tcp:+80", "tcp:65536", "tcp:080", "tcp: 80", "tcp:80 ", "tcp:0x50",
                    "tcp:8e1", "tcp:[80]", "tcp:99999999999999999999"})
    EXPECT_EQ(server_fault(text), "5: port must be a number from 0 to 65535");
  EXPECT_EQ(server_fault("tcp:port=x"), "10: port must be a number from 0 to 65535");
  EXPECT_EQ(server_fault("tcp"), "4: port is missing; write tcp:PORT");
  EXPECT_EQ(server_fault("tcp:backlog=5"), "14: port is missing; write tcp:PORT");
}

TEST(ServerEndpoint, RefusesBadOptions) {
  EXPECT_EQ(server_fault("tcp:80:backlog=0"), "16: backlog must be a number from 1 to 2147483647");
  EXPECT_EQ(server_fault("tcp:80:backlog="), "16: backlog must be a number from 1 to 2147483647");
  EXPECT_EQ(server_fault("tcp:80:backlog=2147483648"), "16: backlog must be a number from 1 to 2147483647");
  EXPECT_EQ(server_fault("tcp:80:backlog=[5]"), "16: backlog must be a number from 1 to 2147483647");
  EXPECT_EQ(server_fault("tcp:80:reuseport=1"), "18: reuseport must be yes or no");
  EXPECT_EQ(server_fault("tcp:80:reuseport="), "18: reuseport must be yes or no");
  EXPECT_EQ(server_fault("tcp:80:color=red"), "8: tcp has no option \"color\"; it takes " + kTcpOptions);
  EXPECT_EQ(server_fault("tcp:80:Backlog=5"), "8: tcp has no option \"Backlog\"; it takes " + kTcpOptions);
  EXPECT_EQ(server_fault("tcp:80:=5"), "8: tcp has no option \"\"; it takes " + kTcpOptions);
  EXPECT_EQ(server_fault("tcp:80:timeout=5"), "8: tcp has no option \"timeout\"; it takes " + kTcpOptions);
}

TEST(ServerEndpoint, RefusesBadAddresses) {
  for (auto text : {"tcp:80:address=", "tcp:80:address=localhost", "tcp:80:address=127.1", "tcp:80:address=0x7f.0.0.1",
                    "tcp:80:address=[1.2.3.4]", "tcp:80:address=[::1]x", "tcp:80:address=[]", "tcp:80:address=*",
                    "tcp:80:address=::1", "tcp:80:address=[::1%]"})
    EXPECT_EQ(server_fault(text), "16: address must be an IP address, such as 127.0.0.1 or [::1]");
  EXPECT_EQ(server_fault("tcp:80:interface=eth0"), "18: interface must be an IP address, such as 127.0.0.1 or [::1]");
  EXPECT_EQ(server_fault("tcp:80:address=[::1"),
            "16: this bracket is not closed; write \\[ for one that is part of a name");
}

TEST(ServerEndpoint, RefusesOtherKinds) {
  const std::string kinds = "; use tcp, tcp6, unix, tls, fd, systemd, haproxy, stdio";
  for (auto text : {"", ":", ":80", "80", "localhost:80", "TCP:80", " tcp:80", "process:x", "t\\cp:80", "tcp=80"})
    EXPECT_EQ(server_fault(text), "1: it begins with no kind that there is" + kinds);
  EXPECT_EQ(server_fault("ssl:443"), "1: ssl is called tls here" + kinds);
}

TEST(ServerEndpoint, TakesTheOptionsOfItsConnections) {
  EXPECT_EQ(as<TcpServerEndpoint>("tcp:80:nodelay=no:keepalive=60:usertimeout=1.5:fastopen=yes").options,
            (TcpOptions{.no_delay = false, .keep_alive = 60s, .user_timeout = 1500ms, .fast_open = true}));
  EXPECT_EQ(server_fault("tcp:80:keepalive=0"), "18: keepalive must be a number from 1 to 32767");
  EXPECT_EQ(server_fault("tcp:80:fastopen=1"), "17: fastopen must be yes or no");
  EXPECT_EQ(as<TcpServerEndpoint>("tcp6:80"), (TcpServerEndpoint{.port = 80, .address = "::"}));
}

TEST(ServerEndpoint, UnixTakesAPathOrAnAbstractName) {
  EXPECT_EQ(as<UnixServerEndpoint>("unix:/run/web.sock"), UnixServerEndpoint{.path = "/run/web.sock"});
  EXPECT_EQ(as<UnixServerEndpoint>("unix:/run/web.sock:mode=660:backlog=5:lock=no"),
            (UnixServerEndpoint{.path = "/run/web.sock", .mode = 0660, .backlog = 5, .lock = false}));
  EXPECT_EQ(as<UnixServerEndpoint>("unix:path=/run/a\\:b:lockfile=no"),
            (UnixServerEndpoint{.path = "/run/a:b", .lock = false}));
  EXPECT_EQ(as<UnixServerEndpoint>("unix:@name").path, "@name");
  EXPECT_EQ(server_fault("unix"), "5: path is missing; write unix:PATH");
  EXPECT_EQ(server_fault("unix:"), "6: UNIX socket path \"\": it is empty");
  EXPECT_EQ(server_fault("unix:@"), "6: abstract UNIX socket \"\": it is empty");
  EXPECT_EQ(server_fault("unix:/a:mode=888"), "14: mode must be an octal number up to 777, such as 660");
  EXPECT_EQ(server_fault("unix:/a:mode=1777"), "14: mode must be an octal number up to 777, such as 660");
  EXPECT_EQ(server_fault("unix:/a:lockfile=1"), "18: lockfile must be yes or no");
  EXPECT_EQ(server_fault("unix:/a:timeout=1"),
            "9: unix has no option \"timeout\"; it takes mode, backlog, lock, lockfile");
}

TEST(ServerEndpoint, DescriptorsByNumberOrBySystemdsName) {
  EXPECT_EQ(as<FdEndpoint>("fd:3").descriptor, 3);
  EXPECT_EQ(server_fault("fd:-1"), "4: number must be a descriptor, from 0 to 1048575");
  EXPECT_EQ(server_fault("fd"), "3: number is missing; write fd:NUMBER");
  EXPECT_EQ(server_fault("fd:3:backlog=5"), "6: fd has no options");
  EXPECT_EQ(as<SystemdServerEndpoint>("systemd:index=0").index, 0);
  EXPECT_EQ(as<SystemdServerEndpoint>("systemd:name=web").name, "web");
  EXPECT_EQ(server_fault("systemd:"), "9: exactly one of index and name says which socket; write systemd:name=NAME");
  EXPECT_EQ(server_fault("systemd"), "8: exactly one of index and name says which socket; write systemd:name=NAME");
  EXPECT_EQ(server_fault("systemd:name=web:index=0"),
            "25: exactly one of index and name says which socket; write systemd:name=NAME");
  EXPECT_EQ(server_fault("systemd:name="), "14: name is empty, or has a NUL; leave it out, or give it a value");
}

TEST(ServerEndpoint, TlsIsTcpWithFiles) {
  EXPECT_EQ(
      as<TlsServerEndpoint>("tls:443:cert=/a.pem:key=/b.pem:alpn=h2,http/1.1:clientca=/ca:anonymous=yes:backlog=7"),
      (TlsServerEndpoint{.tcp = {.port = 443, .backlog = 7},
                         .certificate = "/a.pem",
                         .key = "/b.pem",
                         .alpn = {"h2", "http/1.1"},
                         .client_authorities = "/ca",
                         .client_may_be_anonymous = true}));
  EXPECT_EQ(as<TlsServerEndpoint>("tls:443:folder=/etc/certs").folder, "/etc/certs");
  EXPECT_EQ(server_fault("tls:443"), "8: cert is missing; write tls:PORT:cert=FILE, or folder= for a file each name");
  EXPECT_EQ(server_fault("tls:443:cert=/a:alpn=h2,,x"), "22: alpn must be words with one comma between them");
}

TEST(ServerEndpoint, HaproxyStandsBeforeAnyOther) {
  EXPECT_EQ(*as<HaproxyServerEndpoint>("haproxy:tcp:80:address=[::1]").inner,
            ServerEndpoint(TcpServerEndpoint{.port = 80, .address = "::1"}));
  EXPECT_EQ(as<HaproxyServerEndpoint>("haproxy:unix:/a").str(), "haproxy:unix:/a");
  EXPECT_EQ(server_fault("haproxy:tcp:80x"), "13: port must be a number from 0 to 65535") << "within the whole string";
  EXPECT_EQ(server_fault("haproxy"), "8: an endpoint is missing; write haproxy:tcp:PORT");
  EXPECT_EQ(server_fault("haproxy:"),
            "9: it begins with no kind that there is; use tcp, tcp6, unix, tls, fd, systemd, haproxy, stdio");
  EXPECT_EQ(server_fault("haproxy:haproxy:tcp:80"), "9: one PROXY header is all there is; write haproxy: once");
}

TEST(ServerEndpoint, StdioIsAllThereIsToIt) {
  EXPECT_EQ(as<StdioEndpoint>("stdio:"), StdioEndpoint());
  EXPECT_EQ(as<StdioEndpoint>("stdio"), StdioEndpoint());
  EXPECT_EQ(server_fault("stdio:x"),
            "7: \"x\" is one field too many; options are written key=value, IPv6 addresses in brackets");
}

TEST(ServerEndpoint, EveryKindParsesBackToTheSameValue) {
  std::mt19937_64 random{9};
  const std::string_view words[] = {"/a", "@x", "a:b", "[c", "d=e", "f\\g", "/run/web.sock"};
  const auto word = [&] { return std::string(words[random() % std::size(words)]); };
  for (int round = 0; round < 20000; ++round) {
    const TcpServerEndpoint tcp{
        .port = static_cast<std::uint16_t>(random()),
        .options = {.no_delay = random() % 2 == 0, .keep_alive = std::chrono::seconds(random() % 100)}};
    ServerEndpoint endpoint;
    switch (random() % 5) {
      case 0: endpoint = UnixServerEndpoint{.path = word(), .mode = static_cast<unsigned>(random() % 01000)}; break;
      case 1: endpoint = FdEndpoint{.descriptor = static_cast<int>(random() % 1000)}; break;
      case 2: endpoint = SystemdServerEndpoint{.name = word()}; break;
      case 3:
        endpoint = TlsServerEndpoint{.tcp = tcp, .certificate = word(), .key = word(), .alpn = {"a", word()}};
        break;
      case 4: endpoint = tcp; break;
    }
    if (random() % 3 == 0) {
      endpoint = HaproxyServerEndpoint{.inner = std::make_shared<const ServerEndpoint>(std::move(endpoint))};
    }
    ASSERT_EQ(parse_server_endpoint(endpoint.str()), endpoint) << endpoint.str();
  }
}

TEST(ServerEndpoint, OfAnyKindIsRefusedInOneLineOrPrintsCanonically) {
  std::mt19937_64 random{10};
  const std::string_view kinds[] = {"unix:", "fd:", "systemd:", "tls:", "stdio:", "haproxy:", "tcp6:", "process:"};
  const std::string_view pieces[] = {":",     ":",   "=",         "\\",     "[",     "]",     "3",
                                     "/a",    "@",   "name=",     "index=", "cert=", "alpn=", "h2,x",
                                     "mode=", "660", "endpoint=", "tcp:1",  "x",     "\n"};
  int accepted = 0;
  for (int round = 0; round < 200000; ++round) {
    std::string text(kinds[random() % std::size(kinds)]);
    for (auto n = random() % 7; n > 0; --n) text += pieces[random() % std::size(pieces)];
    const auto check = [&](const auto& parsed, auto parse) {
      if (!parsed) {
        ASSERT_LE(parsed.error().position, text.size()) << text;
        ASSERT_EQ(parsed.error().message.find('\n'), std::string::npos);
        return;
      }
      ++accepted;
      ASSERT_EQ(parse(parsed->str()), parsed) << text << " became " << parsed->str();
    };
    check(parse_server_endpoint(text), parse_server_endpoint);
    check(parse_client_endpoint(text), parse_client_endpoint);
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace torc
