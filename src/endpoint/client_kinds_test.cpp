// The kinds of client endpoints beside tcp (endpoint_string_test.cpp): what their strings mean.
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
  auto endpoint = parse_client_endpoint(text);
  EXPECT_TRUE(endpoint) << endpoint.error().message;
  return endpoint ? std::get<E>(*endpoint) : E{};
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
  EXPECT_EQ(as<TlsClientEndpoint>("tls:example.org:443"), (TlsClientEndpoint{.tcp = {.host = "example.org", .port = 443}}));
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
      case 0: endpoint = UnixClientEndpoint{.path = word(), .timeout = std::chrono::milliseconds(random() % 99999 + 1)}; break;
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
