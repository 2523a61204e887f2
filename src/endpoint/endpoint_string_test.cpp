#include <gtest/gtest.h>

#include <random>

#include "endpoint/endpoint_faults.hpp"
#include "torc/endpoint/endpoint.hpp"

namespace torc {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

TcpServerEndpoint server(std::string_view text) {
  auto endpoint = parse_server_endpoint(text);
  EXPECT_TRUE(endpoint) << endpoint.error().message;
  return endpoint ? std::get<TcpServerEndpoint>(*endpoint) : TcpServerEndpoint{};
}
TcpClientEndpoint client(std::string_view text) {
  auto endpoint = parse_client_endpoint(text);
  EXPECT_TRUE(endpoint) << endpoint.error().message;
  return endpoint ? std::get<TcpClientEndpoint>(*endpoint) : TcpClientEndpoint{};
}

const std::string kTcpOptions =
    "address, interface, backlog, reuseport, nodelay, keepalive, usertimeout, fastopen";

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

TEST(ServerEndpoint, TakesIpv6InBracketsOrEscaped) {
  EXPECT_EQ(server("tcp:80:address=[::1]").address, "::1");
  EXPECT_EQ(server("tcp:80:interface=\\:\\:1").address, "::1");
  EXPECT_EQ(server("tcp:80:address=[::]:backlog=5"), (TcpServerEndpoint{.port = 80, .address = "::", .backlog = 5}));
  EXPECT_EQ(server("tcp:80:address=[fe80::1%3]").address, "fe80::1%3");
}

TEST(ServerEndpoint, BackslashTakesTheNextCharacterAsItIs) {
  EXPECT_EQ(server("tcp:\\8\\0"), (TcpServerEndpoint{.port = 80}));
  EXPECT_EQ(server("tcp:80:backl\\og=\\5"), (TcpServerEndpoint{.port = 80, .backlog = 5}));
  EXPECT_EQ(server_fault("tcp:port\\=80"), "5: port must be a number from 0 to 65535");
  EXPECT_EQ(server_fault("tcp:80\\"), "7: after a backslash comes the character it protects");
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
  EXPECT_EQ(server_fault("tcp:80:color=red"),
            "8: tcp has no option \"color\"; it takes " + kTcpOptions);
  EXPECT_EQ(server_fault("tcp:80:Backlog=5"),
            "8: tcp has no option \"Backlog\"; it takes " + kTcpOptions);
  EXPECT_EQ(server_fault("tcp:80:=5"), "8: tcp has no option \"\"; it takes " + kTcpOptions);
  EXPECT_EQ(server_fault("tcp:80:timeout=5"),
            "8: tcp has no option \"timeout\"; it takes " + kTcpOptions);
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

TEST(ServerEndpoint, RefusesTheSameThingTwice) {
  EXPECT_EQ(server_fault("tcp:80:address=::1:interface=::1").substr(0, 3), "16:") << "the leftmost fault";
  EXPECT_EQ(server_fault("tcp:80:address=[::1]:interface=[::1]"),
            "22: address and interface mean the same; give one of them");
  EXPECT_EQ(server_fault("tcp:80:interface=[::1]:address=[::1]"),
            "24: address and interface mean the same; give one of them");
  EXPECT_EQ(server_fault("tcp:80:backlog=5:backlog=5"), "18: backlog is given twice");
  EXPECT_EQ(server_fault("tcp:port=80:port=80"), "13: port is given twice");
  EXPECT_EQ(server_fault("tcp:80:81"),
            "8: \"81\" is one field too many; options are written key=value, IPv6 addresses in brackets");
  EXPECT_EQ(server_fault("tcp:80:port=81"),
            "5: \"80\" is one field too many; options are written key=value, IPv6 addresses in brackets");
  EXPECT_EQ(server_fault("tcp:80:"), "8: a field is empty; remove a ':'");
  EXPECT_EQ(server_fault("tcp:80::backlog=5"), "8: a field is empty; remove a ':'");
}

TEST(ServerEndpoint, RefusesOtherKinds) {
  const std::string kinds = "; use tcp, tcp6, unix, tls, fd, systemd, haproxy, stdio";
  for (auto text : {"", ":", ":80", "80", "localhost:80", "TCP:80", " tcp:80", "process:x", "t\\cp:80", "tcp=80"})
    EXPECT_EQ(server_fault(text), "1: it begins with no kind that there is" + kinds);
  EXPECT_EQ(server_fault("ssl:443"), "1: ssl is called tls here" + kinds);
}

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

TEST(EndpointError, IsOneShortLineWhateverTheInput) {
  const auto hostile = parse_client_endpoint("tcp:a\nb\x1b[2J:80").error();
  EXPECT_EQ(hostile.message.find_first_of("\n\x1b"), std::string::npos) << hostile.message;
  EXPECT_TRUE(hostile.message.starts_with("endpoint \"tcp:a\\nb\\x1b[2J:80\": ")) << hostile.message;
  EXPECT_LT(parse_server_endpoint("tcp:80:" + std::string(1 << 20, 'k') + "=v").error().message.size(), 500u);
  EXPECT_LT(parse_server_endpoint(std::string(1 << 20, ':')).error().message.size(), 500u);
}

TEST(EndpointString, LeavesOutDefaults) {
  EXPECT_EQ(TcpServerEndpoint{.port = 80}.str(), "tcp:80");
  EXPECT_EQ((TcpServerEndpoint{.port = 80, .address = "::1", .backlog = 5, .reuse_port = true}.str()),
            "tcp:80:address=[::1]:backlog=5:reuseport=yes");
  EXPECT_EQ((TcpClientEndpoint{.host = "example.org", .port = 80}.str()), "tcp:example.org:80");
  EXPECT_EQ((TcpClientEndpoint{.host = "::1", .port = 80, .timeout = 500ms, .bind = "10.0.0.1"}.str()),
            "tcp:[::1]:80:timeout=0.5:bind=10.0.0.1");
  EXPECT_EQ((TcpClientEndpoint{.host = "x", .port = 80, .timeout = 100s}.str()), "tcp:x:80:timeout=100");
  const ServerEndpoint any = TcpServerEndpoint{.port = 80};
  EXPECT_EQ(any.str(), "tcp:80");
}

TEST(EndpointString, ParsesBackToTheSameValue) {
  std::mt19937_64 random{6};
  const auto one_of = [&](auto... options) {
    const std::string_view list[] = {options...};
    return std::string{list[random() % sizeof...(options)]};
  };
  for (int round = 0; round < 20000; ++round) {
    const std::string address = one_of("", "1.2.3.4", "::", "fe80::1%7", "2001:db8::1", "::ffff:1.2.3.4", "0:0::1");
    const ServerEndpoint s =
        TcpServerEndpoint{.port = static_cast<std::uint16_t>(random()),
                          .address = address,
                          .backlog = static_cast<int>(random() % 3 == 0 ? 1024 : random() % 0x7fffffff + 1),
                          .reuse_port = random() % 2 == 0};
    ASSERT_EQ(parse_server_endpoint(s.str()), s) << s.str();
    const ClientEndpoint c = TcpClientEndpoint{
        .host = one_of("a", "example.org.", "_x.xn--p1ai", "1.2.3.4", "::1", "fe80::1%2"),
        .port = static_cast<std::uint16_t>(random() % 65535 + 1),
        .timeout = std::chrono::milliseconds{random() % (random() % 2 == 0 ? 10'000 : 1'000'000'000) + 1},
        .bind = address};
    ASSERT_EQ(parse_client_endpoint(c.str()), c) << c.str();
  }
}

TEST(EndpointString, AnyTextIsRefusedInOneLineOrPrintsCanonically) {
  std::mt19937_64 random{7};
  const std::string_view pieces[] = {
      ":",   ":",     "=",        "\\",         "[",        "]",        "tcp:",    "80", "x",
      "::1", "[::1]", "address=", "interface=", "backlog=", "timeout=", "1.2.3.4", "\n"};
  int accepted = 0;
  for (int round = 0; round < 200000; ++round) {
    std::string text = "tcp:";
    for (auto n = random() % 7; n > 0; --n) text += pieces[random() % std::size(pieces)];
    const auto check = [&](const auto& parsed, auto parse) {
      if (!parsed) {
        ASSERT_LE(parsed.error().position, text.size()) << text;
        ASSERT_EQ(parsed.error().message.find('\n'), std::string::npos);
        return;
      }
      ++accepted;
      ASSERT_EQ(parse(parsed->str()), parsed) << text;
      ASSERT_EQ(parse(parsed->str())->str(), parsed->str()) << text;
    };
    check(parse_server_endpoint(text), parse_server_endpoint);
    check(parse_client_endpoint(text), parse_client_endpoint);
  }
  EXPECT_GT(accepted, 1000);
}

TEST(QuoteArgument, ProtectsWhatHasAMeaning) {
  EXPECT_EQ(quote_argument("plain-1.2_3"), "plain-1.2_3");
  EXPECT_EQ(quote_argument("a:b\\c=d"), "a\\:b\\\\c\\=d");
  EXPECT_EQ(quote_argument("[x"), "\\[x");
  EXPECT_EQ(quote_argument(""), "");
  EXPECT_EQ(client("tcp:" + quote_argument("fe80::1%3") + ":80").host, "fe80::1%3");
  EXPECT_EQ(client_fault("tcp:" + quote_argument("host=x") + ":80").substr(0, 18), "5: host \"host=x\": ")
      << "no option smuggled in";
}

TEST(QuoteArgument, AnyTextStaysOneField) {
  std::mt19937_64 random{8};
  const std::string_view alphabet = ":=\\[]ab";
  for (int round = 0; round < 20000; ++round) {
    std::string text = "!";  // no host, so that the error repeats the field as it was understood
    for (auto n = random() % 8; n > 0; --n)
      text.insert(random() % (text.size() + 1), 1, alphabet[random() % alphabet.size()]);
    if (text.front() == '[') continue;
    const auto error = parse_client_endpoint("tcp:" + quote_argument(text) + ":80").error();
    ASSERT_EQ(error.position, 4u);
    ASSERT_TRUE(error.message.contains("host \"" + text + "\": ")) << error.message;
  }
}

}  // namespace
}  // namespace torc
