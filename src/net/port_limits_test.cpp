#include "net/on_reactor.hpp"
#include "net/peer_network.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/base/log.hpp>
#include <torc/net/connect.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

class Greeter : public Protocol {
  void connection_made() override { transport().write("hello"); }
  void data_received(std::string_view) override {}
};

Deferred<void> greet(Stream s) {
  co_await s.write("hello");
  co_await s.read_some();
}

// With a protocol for each connection, and with a handler.
Port serve(bool handler, PortOptions options) {
  return handler ? Port::serve(anywhere(), greet, std::move(options))
                 : Port::serve(anywhere(), factory<Greeter>(), std::move(options));
}

class PortLimits : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Of, PortLimits, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "handlers" : "protocols"; });

TEST_P(PortLimits, TheTotalMakesOthersWaitUntilOneEnds) {
  on_reactor([]() -> Deferred<void> {
    auto port = serve(GetParam(), {.max_connections = 2});
    std::optional<Stream> first = co_await connect_tcp(port.address());
    Stream second = co_await connect_tcp(port.address());
    Stream third = co_await connect_tcp(port.address());  // in the backlog
    Stream fourth = co_await connect_tcp(port.address());
    EXPECT_EQ(co_await first->read_exactly(5), "hello");
    EXPECT_EQ(co_await second.read_exactly(5), "hello");
    auto waiting = third.read_exactly(5);
    for (int i = 0; i < 20; ++i) co_await sleep(1ms);
    EXPECT_TRUE(waiting.pending());
    EXPECT_EQ(port.connections(), 2u);
    first.reset();
    EXPECT_EQ(co_await std::move(waiting), "hello");
    second.abort();
    EXPECT_EQ(co_await fourth.read_exactly(5), "hello");
    EXPECT_EQ(port.refused(), 0u);
  });
}

TEST_P(PortLimits, OnePeerGetsNoMoreThanItsShare) {
  const auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope(captured);
  on_reactor([&captured](this auto) -> Deferred<void> {
    auto port = serve(GetParam(), {.max_per_peer = 2});
    std::vector<Stream> mine;
    for (int i = 0; i < 2; ++i) {
      mine.push_back(co_await connect_tcp(port.address()));
      EXPECT_EQ(co_await mine.back().read_exactly(5), "hello");
    }
    for (int i = 0; i < 3; ++i) {
      Stream refused = co_await connect_tcp(port.address());
      EXPECT_EQ(co_await refused.read_some(), std::nullopt);
    }
    EXPECT_EQ(port.refused(), 3u);
    EXPECT_EQ(captured->count(LogLevel::kWarning), 1u) << captured->text();
    EXPECT_TRUE(captured->contains("it has 2 already (max_per_peer)"));

    Stream other = co_await connect_tcp(port.address(), SocketAddress(*IpAddress::parse("127.0.0.2"), 0));
    EXPECT_EQ(co_await other.read_exactly(5), "hello");
    mine.pop_back();
    while (port.connections() > 2) co_await sleep(1ms);
    Stream again = co_await connect_tcp(port.address());
    EXPECT_EQ(co_await again.read_exactly(5), "hello");
  });
}

TEST_P(PortLimits, ThePortMayGoBeforeItsConnections) {
  on_reactor([]() -> Deferred<void> {
    for (int turns = 0; turns < 8; ++turns) {
      std::optional<Port> port = serve(GetParam(), {.max_connections = 1, .max_per_peer = 1});
      Stream first = co_await connect_tcp(port->address());
      Stream second = co_await connect_tcp(port->address());
      for (int i = 0; i < turns; ++i) co_await sleep(0ms);
      port.reset();
    }
  });
}

TEST(PeerNetwork, IsAnAddressOrTheHalfOfOne) {
  const auto of = [](const char* text) { return peer_network(SocketAddress(*IpAddress::parse(text), 1))->str(); };
  EXPECT_EQ(of("192.0.2.7"), "192.0.2.7/32");
  EXPECT_EQ(of("::ffff:192.0.2.7"), "192.0.2.7/32");
  EXPECT_EQ(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(peer_network(*SocketAddress::unix_path("/run/x")), std::nullopt);
}

}  // namespace
}  // namespace torc
