#include <torc/net/interfaces.hpp>

#include "net/scripted_transport.hpp"

#include <torc/async/capability.hpp>
#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/net/connect.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

// A network in memory: addresses answer, refuse or stay silent, as a test says.
class FakeNetwork final : public TcpInterface, public UnixInterface, public Resolver {
 public:
  ~FakeNetwork() override {
    for (auto* each : transports) each->drop();
  }
  std::vector<ScriptedTransport*> transports;
  std::vector<std::string> tried;
  std::string silent;  // the address that does not answer

  Deferred<Stream> connect(SocketAddress address, std::optional<SocketAddress>, TcpOptions) override {
    return answer(address);
  }
  Deferred<Stream> connect(SocketAddress address) override { return answer(address); }
  Deferred<std::vector<IpAddress>> resolve(std::string host) override {
    if (host != "server.test") return fail<std::vector<IpAddress>>(NameLookupError("no such name"));
    return succeed(std::vector{*IpAddress::parse("2001:db8::1"), *IpAddress::parse("192.0.2.1")});
  }

 private:
  Deferred<Stream> answer(const SocketAddress& address) {
    tried.push_back(address.str());
    if (address.str() == silent) {
      auto [never, promise] = make_deferred<Stream>();
      waiting_.push_back(std::move(promise));
      return std::move(never);
    }
    transports.push_back(new ScriptedTransport);
    return succeed(Stream(*transports.back()));
  }
  std::vector<Promise<Stream>> waiting_;
};

Deferred<std::string> ask(std::string host) {
  Stream stream = co_await connect_tcp(std::move(host), 80);
  co_await stream.write("how are you?");
  co_return *co_await stream.read_line();
}

TEST(NetworkInterfaces, AFakeNetworkServesCodeThatConnectsByNameOnVirtualTime) {
  testing::Clock clock;
  FakeNetwork network;
  network.silent = "[2001:db8::1]:80";
  const Offers<TcpInterface> tcp(clock, network);
  const Offers<Resolver> names(clock, network);
  Deferred<std::string> answer = ask("server.test");
  clock.advance(249ms);
  EXPECT_EQ(network.tried, (std::vector<std::string>{"[2001:db8::1]:80"}));
  clock.advance(1ms);  // the next address is tried beside it (RFC 8305)
  EXPECT_EQ(network.tried, (std::vector<std::string>{"[2001:db8::1]:80", "192.0.2.1:80"}));
  ASSERT_EQ(network.transports.size(), 1u);
  EXPECT_EQ(network.transports[0]->written, "how are you?");
  network.transports[0]->deliver("fine\r\n");
  clock.turn();
  EXPECT_EQ(*answer.take(), "fine");
}

TEST(NetworkInterfaces, NamesThatAFakeDoesNotKnowFailAsOthersDo) {
  testing::Clock clock;
  FakeNetwork network;
  const Offers<TcpInterface> tcp(clock, network);
  const Offers<Resolver> names(clock, network);
  Deferred<std::string> answer = ask("other.test");
  ASSERT_TRUE(answer.fired());
  EXPECT_TRUE(answer.take().error().check<NameLookupError>());
}

TEST(NetworkInterfaces, UnixSocketsAreOfferedOnTheirOwn) {
  testing::Clock clock;
  FakeNetwork network;
  const Offers<UnixInterface> local(clock, network);
  auto stream = connect_unix(*SocketAddress::unix_path("/run/server"));
  EXPECT_TRUE(stream.fired());
  EXPECT_EQ(network.tried.size(), 1u);
}

TEST(NetworkInterfaces, AReactorHasTheSystemsUntilAnotherIsOffered) {
  Reactor reactor;
  TcpInterface& system = TcpInterface::of(reactor);
  FakeNetwork network;
  {
    const Offers<TcpInterface> tcp(reactor, network);
    EXPECT_EQ(&TcpInterface::of(reactor), &network);
  }
  EXPECT_EQ(&TcpInterface::of(reactor), &system);
}

TEST(NetworkInterfacesDeathTest, ASchedulerWithoutANetworkIsExplained) {
  testing::Clock clock;
  EXPECT_DEATH(static_cast<void>(connect_tcp(SocketAddress(IpAddress::loopback_v4(), 80))),
               "this scheduler has no TcpInterface: run on a Reactor, or offer one by Offers<TcpInterface>");
}

// Destroy the owner at every step.
TEST(NetworkInterfaces, DroppingWhoConnectsAtEachStep) {
  for (int steps = 0; steps < 4; ++steps) {
    testing::Clock clock;
    FakeNetwork network;
    network.silent = "[2001:db8::1]:80";
    const Offers<TcpInterface> tcp(clock, network);
    const Offers<Resolver> names(clock, network);
    std::optional answer = ask("server.test");
    if (steps > 0) clock.advance(100ms);
    if (steps > 1) clock.advance(150ms);
    if (steps > 2) network.transports.at(0)->deliver("fi");
    answer.reset();
    clock.advance(1h);
  }
}

}  // namespace
}  // namespace torc
