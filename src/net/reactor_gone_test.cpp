// What outlives a reactor that was left without stop(): it ends with it, and may be destroyed afterwards.
#include "net/on_reactor.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/net/connect.hpp>
#include <torc/net/connection.hpp>
#include <torc/net/descriptor_stream.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace torc {
namespace {

using namespace std::chrono_literals;

ListeningSocket anywhere() { return ListeningSocket::tcp(SocketAddress(IpAddress::loopback_v4(), 0)); }

Deferred<void> hold(Stream s) { co_await s.read_some(); }

// Each callback says its name.
class Teller : public Protocol {
 public:
  explicit Teller(std::string* said) : said_(said) {}
  ~Teller() override { *said_ += "destroyed "; }
  void connection_made() override { *said_ += "made "; }
  void data_received(std::string_view) override { *said_ += "data "; }
  void connection_lost(const Failure& reason) override { *said_ += reason.check<ReactorStopped>() ? "stopped " : "lost "; }
  void drain() override { *said_ += "drain "; }

 private:
  std::string* said_;
};

// Runs `work` on a reactor that is left before what it began has ended, and is gone when this returns.
template <class Work>
void on_reactor_that_goes(Work work) {
  Reactor reactor;
  Deferred<void> running = succeed();
  reactor.call_when_running([&] { running = work().then([&] { reactor.crash(); }); });
  reactor.run();
  const Reactor::Enter enter(&reactor);
  running = succeed();
}

TEST(ReactorGone, AStreamMayBeDestroyedLater) {
  for (const bool layered : {false, true}) {
    std::optional<Stream> mine, other;
    on_reactor_that_goes([&](this auto) -> Deferred<void> {
      auto [one, two] = stream_pair();
      mine.emplace(std::move(one));
      other.emplace(std::move(two));
      if (layered) co_await mine->upgrade(std::make_unique<Layer>());
      co_await mine->write("x");
    });
    EXPECT_FALSE(mine->open());
    bool refused = false;
    const auto late = mine->write("y").then_outcome([&](Outcome<void> end) { refused = !end && end.error().check<ReactorStopped>(); });
    EXPECT_TRUE(refused);
    mine->close();
    mine.reset();
    other->abort();
  }
}

TEST(ReactorGone, WhatWaitsOnAStreamIsNotResumed) {
  std::optional<Stream> one, two;
  bool resumed = false;
  Deferred<void> reading = succeed(), writing = succeed();
  on_reactor_that_goes([&](this auto) -> Deferred<void> {
    auto pair = stream_pair();
    one.emplace(std::move(pair.first));
    two.emplace(std::move(pair.second));
    const auto note = [&](auto) { resumed = true; };
    reading = one->read_some().then_outcome(note);
    writing = one->write(std::string(5'000'000, 'x')).then_outcome(note);
    co_return;
  });
  EXPECT_FALSE(resumed);
  reading = succeed();
  writing = succeed();
  EXPECT_FALSE(resumed);
}

TEST(ReactorGone, APortEndsWhatItServes) {
  std::string said;
  std::optional<Port> protocols, handlers, closing;
  std::optional<Stream> clients[3];
  on_reactor_that_goes([&](this auto) -> Deferred<void> {
    protocols.emplace(Port::serve(anywhere(), factory<Teller>(&said)));
    handlers.emplace(Port::serve(anywhere(), hold));
    closing.emplace(Port::serve(anywhere(), factory<Teller>(&said)));
    clients[0].emplace(co_await connect_tcp(protocols->address()));
    clients[1].emplace(co_await connect_tcp(handlers->address()));
    clients[2].emplace(co_await connect_tcp(closing->address()));
    while (protocols->connections() + handlers->connections() + closing->connections() < 3) co_await sleep(1ms);
    closing->hand_over();  // listens no more, and goes on serving
  });
  EXPECT_EQ(said, "made made destroyed destroyed ");
  EXPECT_EQ(protocols->connections() + handlers->connections() + closing->connections(), 0u);
}

TEST(ReactorGone, AnAttemptToConnectMayBeDroppedLater) {
  const auto socket = anywhere();
  std::optional<Deferred<Stream>> connecting;
  {
    Reactor reactor;
    const Reactor::Enter enter(&reactor);
    connecting.emplace(connect_tcp(socket.address()));
  }
  EXPECT_TRUE(connecting->pending());
}

// Not listening any more, it was not told, nor were its connections.
TEST(ReactorStops, APortThatListensNoMoreStillEndsItsConnections) {
  for (const bool closes : {false, true}) {
    std::string said;
    {
      Reactor reactor;
      std::optional<Port> port;
      std::optional<Stream> client;
      Deferred<void> closing = succeed();
      Deferred<void> running = succeed();
      reactor.call_when_running([&] {
        running = [&](this auto) -> Deferred<void> {
          port.emplace(Port::serve(anywhere(), factory<Teller>(&said)));
          client.emplace(co_await connect_tcp(port->address()));
          while (port->connections() == 0) co_await sleep(1ms);
          if (closes) {
            closing = port->close().recover([](const Failure&) {});
          } else {
            port->hand_over();
          }
          reactor.stop();
        }();
      });
      reactor.run();
      EXPECT_EQ(said, closes ? "made drain stopped destroyed " : "made stopped destroyed ");
      const Reactor::Enter enter(&reactor);
      client.reset();
      closing = succeed();
      running = succeed();
      port.reset();
    }
  }
}

}  // namespace
}  // namespace torc
