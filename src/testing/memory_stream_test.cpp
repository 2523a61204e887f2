#include <torc/testing/memory_stream.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/net/layer.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace torc::testing {
namespace {

using namespace std::chrono_literals;

Deferred<void> echo(Stream s) {
  while (auto chunk = co_await s.read_some()) co_await s.write(*chunk);
}

struct Recorder : Protocol {
  explicit Recorder(std::string& said) : said(said) {}
  void connection_made() override { said += "made "; }
  void data_received(std::string_view data) override { said += std::string(data) + " "; }
  void connection_lost(const Failure& reason) override { said += reason.message(); }
  std::string& said;
};

TEST(MemoryStream, CarriesBytesOnVirtualTime) {
  Clock clock;
  auto [client, server] = connected_pair({.latency = 50ms});
  auto line = server.read_line();
  auto sent = client.write("hello\n");
  EXPECT_FALSE(sent.pending());
  clock.advance(49ms);
  EXPECT_TRUE(line.pending());
  clock.advance(1ms);
  ASSERT_FALSE(line.pending());
  std::optional<std::string> got;
  auto taken = std::move(line).then([&](std::optional<std::string> text) { got = std::move(text); });
  EXPECT_EQ(got, "hello");
}

TEST(MemoryStream, NothingArrivesInsideOfTheCallThatWrites) {
  Clock clock;
  std::string said;
  auto [connection, peer] = connected(std::make_unique<Recorder>(said));
  EXPECT_EQ(said, "made ");
  auto sent = peer.write("x");
  EXPECT_EQ(said, "made ");
  clock.turn();
  EXPECT_EQ(said, "made x ");
  peer.abort();
  EXPECT_EQ(said, "made x ");
  clock.advance(0s);
  EXPECT_EQ(said, "made x connection lost: Connection reset by peer");
  EXPECT_FALSE(connection.open());
}

TEST(MemoryStream, TheSystemHoldsItsCapacityAndNoMore) {
  Clock clock;
  auto [writer, reader] = connected_pair({.capacity = 1000});
  auto sent = writer.write(std::string(1500, 'x'));
  EXPECT_EQ(writer.unsent(), 500u);
  clock.advance(1s);
  EXPECT_EQ(writer.unsent(), 500u);
  auto read = reader.read_exactly(1500);
  clock.advance(0s);
  EXPECT_EQ(writer.unsent(), 0u);
  EXPECT_FALSE(read.pending());
}

TEST(MemoryStream, APeerThatTakesNothingIsGivenUpAtTheCloseTimeout) {
  Clock clock;
  struct Writes : Recorder {
    using Recorder::Recorder;
    void connection_made() override {
      transport().write(std::string(100, 'x'));
      transport().close();
    }
  };
  std::string lost;
  auto [closing, slow] = connected(std::make_unique<Writes>(lost), {.capacity = 10, .transport = {.close_timeout = 5s}});
  clock.advance(4s);
  auto first = slow.read_exactly(10);  // it takes something: the time begins anew
  clock.advance(4s);
  EXPECT_EQ(lost, "");
  clock.advance(10s);
  EXPECT_EQ(lost, "connection lost: the peer did not take the rest within the close time-out");
}

TEST(MemoryStream, AClosedEndFlushesAcrossTheLatency) {
  Clock clock;
  auto [writer, reader] = connected_pair({.capacity = 100, .latency = 10ms});
  auto sent = writer.write(std::string(1000, 'x'));
  writer.close();
  auto all = reader.read_exactly(1000);
  clock.advance(9ms);
  EXPECT_TRUE(all.pending());
  for (int i = 0; i < 20; ++i) clock.advance(10ms);
  EXPECT_FALSE(all.pending());
  auto end = reader.read_some();
  clock.advance(10ms);
  ASSERT_FALSE(end.pending());
}

TEST(MemoryStream, FailsAtTheOperationThatIsAskedFor) {
  for (std::size_t n = 0; n < 4; ++n) {
    Clock clock;
    auto [client, server] = connected_pair({.fault = fail_after(n, EPIPE)});
    auto serving = echo(std::move(server));
    std::string got;
    auto trip = [](Stream& s) -> Deferred<std::string> {
      co_await s.write("x");
      co_return co_await s.read_exactly(1);
    }(client).then_outcome([&](Outcome<std::string> outcome) { got = outcome ? *outcome : outcome.error().message(); });
    clock.advance(1s);
    EXPECT_FALSE(trip.pending());
    EXPECT_NE(got, "x") << n;
    EXPECT_NE(got, "") << n;
    static_cast<void>(std::move(serving).then_outcome([](Outcome<void>) {}));
  }
}

TEST(MemoryStream, HasTheAddressesItIsGiven) {
  Clock clock;
  const SocketAddress one(IpAddress::loopback_v4(), 1), two(IpAddress::loopback_v6(), 2);
  auto [first, second] = connected_pair({.first_address = one, .second_address = two});
  EXPECT_EQ(first.local(), one);
  EXPECT_EQ(first.peer(), two);
  EXPECT_EQ(second.local(), two);
  EXPECT_EQ(second.peer(), one);
}

TEST(MemoryStream, OneThatHasMuchToReadLetsOthersHaveTheirTurn) {
  Clock clock;
  std::string order;
  struct Letter : Protocol {
    Letter(std::string& order, char letter) : order(order), letter(letter) {}
    void data_received(std::string_view) override { order += letter; }
    std::string& order;
    char letter;
  };
  auto [a, to_a] = connected(std::make_unique<Letter>(order, 'a'), {.most_read = 1});
  auto [b, to_b] = connected(std::make_unique<Letter>(order, 'b'), {.most_read = 1});
  auto first = to_a.write(std::string(8, 'x'));
  auto second = to_b.write(std::string(8, 'x'));
  clock.turn();
  EXPECT_EQ(order, "aaaabbbb");
  clock.advance(0s);
  EXPECT_EQ(order, "aaaabbbbaaaabbbb");
}

TEST(MemoryStream, StoppingTheReactorTellsBothEnds) {
  Reactor reactor;
  std::string said;
  std::optional<std::pair<Connection, Stream>> ends;
  bool told = false;
  Deferred<void> read = succeed();
  reactor.call_when_running([&] {
    ends.emplace(connected(std::make_unique<Recorder>(said)));
    read = ends->second.read_some().then_outcome([&](Outcome<std::optional<Bytes>> outcome) {
      told = outcome.error().check<ReactorStopped>();
    });
    reactor.stop();
  });
  reactor.run();
  EXPECT_TRUE(told);
  EXPECT_EQ(said, "made the reactor stopped with the connection open");
}

// What is left over when a scheduler goes: streams, connections, what nobody holds, each in any state.
TEST(MemoryStream, TheSchedulerMayGoFirst) {
  for (int state = 0; state < 4; ++state) {
    std::optional<Stream> stream;
    std::optional<Connection> connection;
    std::string said;
    {
      Clock clock;
      auto [served, peer] = connected(std::make_unique<Recorder>(said));
      connection.emplace(std::move(served));
      stream.emplace(std::move(peer));
      auto nobodys = connected(std::make_unique<Recorder>(said));
      std::move(nobodys.first).detach();
      auto sent = stream->write("x");
      if (state == 1) stream->close();
      if (state == 2) connection->abort();
      if (state == 3) std::move(*connection).detach();
    }
    EXPECT_FALSE(connection->open());
  }
}

TEST(DestroyedOwner, EndsOfMemoryConnections) {
  for (int which = 0; which < 3; ++which) {
    for (int turns = 0; turns < 12; ++turns) {
      Clock clock;
      std::optional<Stream> client;
      std::optional<Deferred<void>> serving, talking;
      auto [first, second] = connected_pair({.capacity = 8, .most_written = 3});
      client.emplace(std::move(first));
      serving.emplace(echo(std::move(second)));
      talking.emplace([](Stream& s) -> Deferred<void> {
        auto writing = s.write(std::string(20, 'x'));
        co_await s.read_exactly(20);
        co_await std::move(writing);
      }(*client));
      for (int i = 0; i < turns; ++i) clock.turn();
      if (which == 0) talking.reset(), client.reset();
      if (which == 1) serving.reset();
      if (which == 2) client->abort();
      clock.advance(1s);
      if (talking) static_cast<void>(std::move(*talking).then_outcome([](Outcome<void>) {}));
      if (serving) static_cast<void>(std::move(*serving).then_outcome([](Outcome<void>) {}));
    }
  }
}

}  // namespace
}  // namespace torc::testing
