#include <torc/net/layer.hpp>

#include "net/on_reactor.hpp"
#include "net/test_layers.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/net/connect.hpp>
#include <torc/net/connection.hpp>
#include <torc/net/descriptor_stream.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

template <class L>
class Makes : public LayerFactory {
  std::unique_ptr<Layer> build() override { return std::make_unique<L>(); }
};

template <class... L>
PortOptions layers() {
  return {.layers = {std::make_shared<Makes<L>>()...}};
}

ListeningSocket anywhere() { return ListeningSocket::tcp(SocketAddress(IpAddress::loopback_v4(), 0)); }

Deferred<void> talk(Stream stream) {
  co_await stream.upgrade(std::make_unique<Greeting>());
  co_await stream.upgrade(std::make_unique<Flipped>());
  co_await stream.write("through both");
  EXPECT_EQ(co_await stream.read_exactly(12), "through both");
  stream.shutdown_write();
  EXPECT_EQ(co_await stream.read_some(), std::nullopt);
}

TEST(Layer, APortAndAStreamStandOnSeveral) {
  on_reactor([]() -> Deferred<void> {
    auto callbacks = Port::serve(anywhere(), factory<Echo>(), layers<Greeting, Flipped>());
    auto coroutines = Port::serve(anywhere(), echo, layers<Greeting, Flipped>());
    co_await talk(co_await connect_tcp(callbacks.address()));
    co_await talk(co_await connect_tcp(coroutines.address()));
    co_await callbacks.close();
    co_await coroutines.close();
    EXPECT_EQ(callbacks.connections() + coroutines.connections(), 0u);
  });
}

TEST(Layer, AHandlerIsCalledWhenItIsReady) {
  on_reactor([]() -> Deferred<void> {
    int called = 0;
    auto port = Port::serve(
        anywhere(),
        [&called](this auto, Stream s) -> Deferred<void> {
          ++called;
          co_await echo(std::move(s));
        },
        layers<Greeting>());
    auto stream = co_await connect_tcp(port.address());
    EXPECT_EQ(co_await stream.read_exactly(2), "go");
    EXPECT_EQ(port.connections(), 1u);
    EXPECT_EQ(called, 0);
    co_await stream.write("g");
    co_await sleep(2ms);
    EXPECT_EQ(called, 0);
    co_await stream.write("o, and more");
    EXPECT_EQ(co_await stream.read_exactly(10), ", and more");
    EXPECT_EQ(called, 1);
    EXPECT_EQ(port.connections(), 1u);
  });
}

TEST(Layer, OneThatNeverGetsReadyEndsWithThePort) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(anywhere(), echo, layers<Greeting>());
    auto stream = co_await connect_tcp(port.address());
    EXPECT_EQ(co_await stream.read_exactly(2), "go");
    co_await port.close();
    EXPECT_EQ(co_await stream.read_some(), std::nullopt);
  });
}

TEST(Layer, AnUpgradeFailsWithTheConnection) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(anywhere(), [](Stream) -> Deferred<void> { co_return; });
    auto stream = co_await connect_tcp(port.address());
    auto upgraded = co_await as_outcome(stream.upgrade(std::make_unique<Greeting>()));
    EXPECT_TRUE(upgraded.error().check<ConnectionClosed>()) << upgraded.error().message();
  });
}

TEST(Layer, AnUpgradeIsRefusedOverBytesThatCameBefore) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(anywhere(), [](Stream s) -> Deferred<void> {
      co_await s.write("220 ready\nEHLO smuggled\n");
      co_await s.read_some();
    });
    auto stream = co_await connect_tcp(port.address());
    EXPECT_EQ(co_await stream.read_line(), "220 ready");
    auto upgraded = co_await as_outcome(stream.upgrade(std::make_unique<Flipped>()));
    EXPECT_EQ(upgraded.error().message(), "the peer sent bytes before the stream was upgraded: nothing vouches for them");
    EXPECT_FALSE(stream.open());
  });
}

TEST(Layer, DroppingAnUpgradeAbortsTheStream) {
  on_reactor([]() -> Deferred<void> {
    std::vector<std::string> ends;
    auto port = Port::serve(anywhere(), [&ends](this auto, Stream s) -> Deferred<void> {
      auto rest = co_await as_outcome([](Stream& s) -> Deferred<void> {
        while (co_await s.read_some()) {}
      }(s));
      ends.push_back(rest ? "clean" : rest.error().message());
    });
    {
      auto stream = co_await connect_tcp(port.address());
      auto upgrading = stream.upgrade(std::make_unique<Greeting>());
    }
    while (ends.empty()) co_await sleep(1ms);
    EXPECT_EQ(ends.front(), "connection lost: Connection reset by peer");
  });
}

class Alive : public Layer {
 public:
  explicit Alive(bool* alive) : alive_(alive) { *alive_ = true; }
  ~Alive() override { *alive_ = false; }

 private:
  bool* alive_;
};

Deferred<void> lose_at_the_end(bool* layer, bool* protocol_layer) {
  auto [here, there] = stream_pair();
  co_await here.upgrade(std::make_unique<Alive>(layer));
  co_await there.upgrade(std::make_unique<Alive>(protocol_layer));
  Connection::serve(std::move(there), std::make_unique<Echo>()).detach();
  co_await sleep(1ms);  // what a timer ends is posted for the next turn, which does not come
  { const Stream dropped = std::move(here); }
  Reactor::current()->crash();
}

TEST(Layer, OfADroppedStreamThatEndsWithItsReactorIsFreed) {
  bool layer = false, protocol_layer = false;
  {
    Reactor reactor;
    reactor.call_when_running([&] { lose_at_the_end(&layer, &protocol_layer).detach(); });
    reactor.run();
    EXPECT_TRUE(layer && protocol_layer);
  }
  EXPECT_FALSE(layer || protocol_layer);
}

// Each callback says its name; `acts` is done inside the one that is named.
class Teller : public Protocol {
 public:
  explicit Teller(std::string* said) : said_(said) {}
  void connection_made() override { *said_ += "made "; }
  void data_received(std::string_view data) override { *said_ += std::string(data) + " "; }
  void connection_lost(const Failure& reason) override { *said_ += reason.check<ConnectionDone>() ? "done" : "lost"; }

 private:
  std::string* said_;
};

TEST(Connection, GivesAStreamToAProtocol) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(anywhere(), [](Stream s) -> Deferred<void> { co_await s.write("first\nsecond"); });
    auto stream = co_await connect_tcp(port.address());
    EXPECT_EQ(co_await stream.read_line(), "first");
    std::string said;
    auto connection = Connection::serve(std::move(stream), std::make_unique<Teller>(&said));
    co_await connection.closed();
    EXPECT_EQ(said, "made second done");
    EXPECT_FALSE(connection.open());
  });
}

TEST(Connection, DroppingItAbortsAndCallsNobody) {
  on_reactor([]() -> Deferred<void> {
    bool reset = false;
    auto port = Port::serve(anywhere(), [&reset](this auto, Stream s) -> Deferred<void> {
      reset = !(co_await as_outcome(s.read_some()));
    });
    std::string said;
    {
      auto connection = Connection::serve(co_await connect_tcp(port.address()), std::make_unique<Teller>(&said));
      auto moved = std::move(connection);
      EXPECT_TRUE(moved.open());
    }
    while (!reset) co_await sleep(1ms);
    EXPECT_EQ(said, "made ");
  });
}

TEST(Connection, IsCutWithAReason) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(anywhere(), echo);
    std::string said;
    auto connection = Connection::serve(co_await connect_tcp(port.address()), std::make_unique<Teller>(&said));
    connection.abort();
    auto closed = co_await as_outcome(connection.closed());
    EXPECT_TRUE(closed.error().check<ConnectionAborted>());
    EXPECT_EQ(said, "made lost");
  });
}

}  // namespace
}  // namespace torc
