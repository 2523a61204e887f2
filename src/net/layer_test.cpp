#include <torc/net/layer.hpp>

#include "net/echo.hpp"
#include "net/on_reactor.hpp"
#include "net/test_layers.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/base/log.hpp>
#include <torc/net/connect.hpp>
#include <torc/net/connection.hpp>
#include <torc/net/descriptor_stream.hpp>

#include <gtest/gtest.h>

#include <memory>
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
    auto callbacks = Port::serve(anywhere(), factory<EchoProtocol>(), layers<Greeting, Flipped>());
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
  Connection::serve(std::move(there), std::make_unique<EchoProtocol>()).detach();
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

// Throws as it is told that it is connected, and keeps why its connection ended.
class Refusing : public Protocol {
 public:
  explicit Refusing(std::string* why) : why_(why) {}
  void connection_made() override { throw Error("not today"); }
  void data_received(std::string_view) override {}
  void connection_lost(const Failure& reason) override { *why_ = reason.message(); }

 private:
  std::string* why_;
};

TEST(Layer, WhatItsProtocolThrowsAsItStartsIsTheReasonOfTheEnd) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  on_reactor([]() -> Deferred<void> {
    std::string why;
    auto [here, there] = stream_pair();
    co_await here.upgrade(std::make_unique<Layer>());
    Connection::serve(std::move(here), std::make_unique<Refusing>(&why)).detach();
    while (why.empty()) co_await sleep(1ms);
    EXPECT_EQ(why, "not today");
  });
  EXPECT_TRUE(captured->contains("not today"));
}

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

// Wants nothing of what came before it.
class Unwilling : public Teller {
 public:
  Unwilling(std::string* said, bool abort) : Teller(said), abort_(abort) {}
  void connection_made() override { abort_ ? transport().abort() : transport().close(); }

 private:
  bool abort_;
};

TEST(Connection, BytesThatCameBeforeAreNotForOneThatCloses) {
  for (const bool abort : {false, true}) {
    std::string said;
    on_reactor([&](this auto) -> Deferred<void> {
      auto [one, other] = stream_pair();
      co_await other.write("before");
      EXPECT_FALSE(co_await one.at_end());
      auto connection = Connection::serve(std::move(one), std::make_unique<Unwilling>(&said, abort));
      static_cast<void>(co_await as_outcome(connection.closed()));
    });
    EXPECT_EQ(said, abort ? "lost" : "done");
  }
}

TEST(Connection, AThrowWhileItIsToldToFinishAbortsIt) {
  class Stubborn : public Protocol {
    void data_received(std::string_view) override {}
    void drain() override { throw Error("not yet"); }
  };
  const auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope(captured);
  on_reactor([]() -> Deferred<void> {
    auto [one, other] = stream_pair();
    auto connection = Connection::serve(std::move(one), std::make_unique<Stubborn>());
    connection.drain();
    auto closed = co_await as_outcome(connection.closed());
    EXPECT_TRUE(!closed && closed.error().check<ConnectionAborted>());
  });
  EXPECT_TRUE(captured->contains("not yet"));
}

// A layer that was about to be ready, and destroyed the port.
TEST(Layer, OneThatEndsThePortAsItGetsReadyServesNobody) {
  class Ending : public Layer {
   public:
    explicit Ending(std::optional<Port>* port) : port_(port) {}
    void connection_made() override {
      port_->reset();
      up();
    }

   private:
    std::optional<Port>* port_;
  };
  on_reactor([]() -> Deferred<void> {
    std::optional<Port> port;
    int served = 0;
    port.emplace(Port::serve(
        anywhere(),
        [&](this auto, Stream) -> Deferred<void> {
          ++served;
          co_return;
        },
        {.layers = {layer<Ending>(&port)}}));
    static_cast<void>(co_await as_outcome(connect_tcp(port->address())));
    while (port) co_await sleep(1ms);
    EXPECT_EQ(served, 0);
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
