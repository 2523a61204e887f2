#include <torc/net/idle_timeout.hpp>
#include <torc/net/minimum_rate.hpp>
#include <torc/net/throttle.hpp>
#include <torc/net/traffic_log.hpp>

#include "net/echo.hpp"
#include "net/on_reactor.hpp"
#include "net/scripted_transport.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/net/connect.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

// What a protocol is told, and what it does then.
struct Told {
  std::string events;
  std::string came;
  std::function<void()> on_data, on_room;
};
class Ear : public Protocol {
 public:
  explicit Ear(Told& told) : told_(told) {}
  void data_received(std::string_view data) override {
    told_.came += data;
    if (told_.on_data) told_.on_data();
  }
  void pause_writing() override { told_.events += "pause "; }
  void resume_writing() override {
    told_.events += "resume ";
    if (told_.on_room) told_.on_room();
  }
  void connection_lost(const Failure& reason) override { told_.events += reason.message(); }

 private:
  Told& told_;
};

// A connection over `layer`; the top is what the protocol writes to.
struct Stack {
  explicit Stack(std::unique_ptr<Layer> made) : layer(made.get()) {
    made->start(std::make_unique<Ear>(told));
    bottom->start(std::unique_ptr<Protocol>(std::move(made)));
  }
  ~Stack() {
    if (bottom) bottom->drop();
  }
  Told told;
  ScriptedTransport* bottom = new ScriptedTransport;
  Transport* layer;
};

class Policies : public ::testing::Test {
 protected:
  testing::Clock clock_;
};
using IdleTimeoutTest = Policies;
using MinimumRateTest = Policies;
using TokenBucketTest = Policies;
using ThrottleTest = Policies;
using TrafficLogTest = Policies;

TEST_F(IdleTimeoutTest, ClosesWhatIsSilent) {
  Stack stack(std::make_unique<IdleTimeout>(10s));
  clock_.advance(9s);
  stack.bottom->deliver("x");
  clock_.advance(9s);
  stack.layer->write("y");
  stack.bottom->take();
  clock_.advance(9s);
  EXPECT_EQ(stack.bottom->ended, "");
  clock_.advance(1s);
  EXPECT_EQ(stack.bottom->ended, "closed");
  stack.bottom->lose(Failure(ConnectionDone()));
  EXPECT_EQ(stack.told.events, "connection lost: nothing moved for 10000 ms");
  EXPECT_TRUE(clock_.idle());
}

TEST_F(IdleTimeoutTest, APeerThatTakesWhatWaitsIsNotSilent) {
  Stack stack(std::make_unique<IdleTimeout>(10s));
  stack.layer->write(std::string(100, 'x'));
  for (int i = 0; i < 9; ++i) {
    stack.bottom->waiting -= 10;
    clock_.advance(9s);
    EXPECT_EQ(stack.bottom->ended, "");
  }
  clock_.advance(10s);
  clock_.advance(10s);
  EXPECT_EQ(stack.bottom->ended, "aborted");
}

TEST_F(IdleTimeoutTest, DroppedWithItsTimerSet) {
  { Stack stack(std::make_unique<IdleTimeout>(10s)); }
  EXPECT_TRUE(clock_.idle());
}

TEST_F(MinimumRateTest, CutsAPeerThatSendsAByteAtATime) {
  Stack stack(std::make_unique<MinimumRate>(MinimumRateOptions{.bytes_per_second = 10, .over = 8s}));
  for (int second = 0; second < 8; ++second) {
    stack.bottom->deliver("0123456789");
    clock_.advance(1s);
  }
  EXPECT_EQ(stack.bottom->ended, "");
  for (int second = 0; second < 8; ++second) {
    stack.bottom->deliver("x");
    clock_.advance(1s);
  }
  EXPECT_EQ(stack.bottom->ended, "aborted");
  stack.bottom->lose(Failure(ConnectionAborted()));
  EXPECT_EQ(stack.told.events, "connection lost: the peer moved less than 10 bytes/s");
}

TEST_F(MinimumRateTest, CountsNoTimeInWhichNobodyWaitsForThePeer) {
  Stack stack(std::make_unique<MinimumRate>(MinimumRateOptions{.bytes_per_second = 10, .over = 8s}));
  stack.layer->pause_reading();
  for (int second = 0; second < 60; ++second) clock_.advance(1s);
  EXPECT_EQ(stack.bottom->ended, "");
  stack.layer->resume_reading();
  for (int second = 0; second < 7; ++second) clock_.advance(1s);
  EXPECT_EQ(stack.bottom->ended, "");
  clock_.advance(1s);
  EXPECT_EQ(stack.bottom->ended, "aborted");
}

TEST_F(MinimumRateTest, CutsAPeerThatReadsTooSlowly) {
  Stack stack(std::make_unique<MinimumRate>(MinimumRateOptions{.bytes_per_second = 10, .over = 8s}));
  stack.layer->pause_reading();
  stack.layer->write(std::string(1000, 'x'));
  for (int second = 0; second < 16; ++second) {
    stack.bottom->waiting -= second < 8 ? 10 : 1;
    clock_.advance(1s);
    EXPECT_EQ(stack.bottom->ended, second < 15 ? "" : "aborted");
  }
}

// One in line for ever, who counts.
struct Hungry final : detail::Taker {
  explicit Hungry(std::shared_ptr<TokenBucket> bucket) : bucket(std::move(bucket)) {}
  std::uint64_t offered(std::uint64_t most) noexcept override {
    got += most;
    again = true;
    return most;
  }
  void ask() {
    if (!linked()) bucket->stand_in_line(*this);
  }
  std::shared_ptr<TokenBucket> bucket;
  std::uint64_t got = 0;
  bool again = false;
};

TEST_F(TokenBucketTest, GivesItsBurstThenItsRate) {
  TokenBucket bucket({.bytes_per_second = 1000, .burst = 500});
  EXPECT_EQ(bucket.take(200), 200u);
  EXPECT_EQ(bucket.take(10'000), 300u);
  EXPECT_EQ(bucket.take(10'000), 0u);
  clock_.advance(100ms);
  EXPECT_EQ(bucket.take(10'000), 100u);
  clock_.advance(10s);
  EXPECT_EQ(bucket.take(10'000), 500u);
  bucket.charge(1000);
  clock_.advance(1s);
  EXPECT_EQ(bucket.take(1), 0u) << "what passed without being given is paid back first";
}

void feed(testing::Clock& clock, std::vector<Hungry*> all, Duration time) {
  for (Duration passed{}; passed < time; passed += 10ms) {
    for (Hungry* each : all) each->ask();
    clock.advance(10ms);
  }
}

TEST_F(TokenBucketTest, IsSharedFairlyByThoseInLine) {
  const auto bucket = std::make_shared<TokenBucket>(Rate{.bytes_per_second = 10'000});
  Hungry a(bucket), b(bucket), c(bucket);
  feed(clock_, {&a, &b, &c}, 30s);
  const auto all = static_cast<double>(a.got + b.got + c.got);
  EXPECT_NEAR(all, 30 * 10'000, 2000);
  for (const Hungry* each : {&a, &b, &c}) EXPECT_NEAR(static_cast<double>(each->got), all / 3, 500);
}

TEST_F(TokenBucketTest, IsFairAmongThoseDirectlyBelowIt) {
  const auto all = std::make_shared<TokenBucket>(Rate{.bytes_per_second = 10'000});
  const auto one = std::make_shared<TokenBucket>(Rate{.bytes_per_second = 100'000}, all);
  const auto two = std::make_shared<TokenBucket>(Rate{.bytes_per_second = 100'000}, all);
  Hungry a(one), b(one), c(one), d(two);  // three connections of one peer, one of another
  feed(clock_, {&a, &b, &c, &d}, 30s);
  EXPECT_NEAR(static_cast<double>(a.got + b.got + c.got), static_cast<double>(d.got), 1500);
  EXPECT_NEAR(static_cast<double>(a.got), static_cast<double>(c.got), 700);
  EXPECT_NEAR(static_cast<double>(a.got + b.got + c.got + d.got), 300'000, 3000);
}

TEST_F(TokenBucketTest, TheNarrowestInTheChainDecides) {
  const auto all = std::make_shared<TokenBucket>(Rate{.bytes_per_second = 10'000});
  const auto narrow = std::make_shared<TokenBucket>(Rate{.bytes_per_second = 1000}, all);
  Hungry a(narrow), b(all);
  feed(clock_, {&a, &b}, 30s);
  EXPECT_NEAR(static_cast<double>(a.got), 30'000, 1000);
  EXPECT_NEAR(static_cast<double>(b.got), 270'000, 4000);
}

TEST_F(TokenBucketTest, WhoLeavesTheLineLeavesItToTheOthers) {
  const auto bucket = std::make_shared<TokenBucket>(Rate{.bytes_per_second = 10'000});
  Hungry a(bucket);
  {
    Hungry b(bucket);
    feed(clock_, {&a, &b}, 1s);
    b.ask();
  }
  const auto before = a.got;
  feed(clock_, {&a}, 10s);
  EXPECT_NEAR(static_cast<double>(a.got - before), 100'000, 1500);
}

std::shared_ptr<TokenBucket> rate(std::uint64_t bytes_per_second) {
  return std::make_shared<TokenBucket>(Rate{.bytes_per_second = bytes_per_second});
}

TEST_F(ThrottleTest, DelaysWritesToTheRateAndKeepsTheirOrder) {
  Stack stack(std::make_unique<Throttle>(nullptr, rate(1000)));
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    const std::string each = std::to_string(i) + ",";
    sent += each;
    stack.layer->write(each);
  }
  EXPECT_NEAR(static_cast<double>(stack.bottom->written.size()), 100, 20);
  clock_.advance(100ms);
  for (int i = 0; i < 4; ++i) clock_.advance(100ms);
  EXPECT_NEAR(static_cast<double>(stack.bottom->written.size()), 600, 110);
  for (int i = 0; i < 10; ++i) clock_.advance(100ms);
  EXPECT_EQ(stack.bottom->written, sent);
  EXPECT_EQ(stack.layer->unsent(), stack.bottom->waiting);
}

TEST_F(ThrottleTest, PassesAFileOnPieceByPiece) {
  Stack stack(std::make_unique<Throttle>(nullptr, rate(100'000)));
  stack.layer->write("head ");
  stack.layer->write_file(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), 7, 30'000);
  stack.layer->write("tail");
  stack.layer->close();
  EXPECT_EQ(stack.bottom->ended, "");
  for (int i = 0; i < 400 && stack.bottom->ended.empty(); ++i) clock_.advance(1ms);
  std::string_view written = stack.bottom->written;
  EXPECT_TRUE(written.starts_with("head <7+9995>")) << written.substr(0, 40);
  EXPECT_TRUE(written.ends_with("tail")) << written;
  std::uint64_t expected = 7;
  for (std::size_t at = written.find('<'); at != written.npos; at = written.find('<', at + 1)) {
    const std::uint64_t offset = std::stoull(std::string(written.substr(at + 1)));
    EXPECT_EQ(offset, expected);
    expected += std::stoull(std::string(written.substr(written.find('+', at) + 1)));
  }
  EXPECT_EQ(expected, 30'007u);
  EXPECT_EQ(stack.bottom->ended, "closed");
}

TEST_F(ThrottleTest, TellsOfItsQueueLikeAnyTransport) {
  Stack stack(std::make_unique<Throttle>(nullptr, rate(100'000), TransportOptions{.high_water = 20'000, .low_water = 5'000}));
  stack.layer->write(std::string(30'000, 'x'));
  EXPECT_EQ(stack.told.events, "");
  stack.layer->write("x");
  EXPECT_EQ(stack.told.events, "pause ");
  EXPECT_TRUE(stack.layer->full());
  EXPECT_FALSE(stack.bottom->reading()) << "its own socket is read above the mark";
  clock_.advance(100ms);
  EXPECT_EQ(stack.told.events, "pause ");
  for (int i = 0; i < 10; ++i) clock_.advance(50ms);
  EXPECT_EQ(stack.told.events, "pause resume ");
  EXPECT_TRUE(stack.bottom->reading());
}

TEST_F(ThrottleTest, WaitsForRoomBelow) {
  Stack stack(std::make_unique<Throttle>(nullptr, rate(1'000'000), TransportOptions{.close_timeout = 5s}));
  stack.bottom->room = 1000;
  for (int i = 0; i < 30; ++i) stack.layer->write(std::string(100, 'x'));
  EXPECT_EQ(stack.bottom->written.size(), 1000u);
  EXPECT_EQ(stack.told.events, "pause ");
  stack.bottom->take(500);
  EXPECT_EQ(stack.bottom->written.size(), 1500u);
  stack.layer->close();
  EXPECT_TRUE(stack.layer->closing());
  clock_.advance(4s);
  EXPECT_EQ(stack.bottom->ended, "");
  clock_.advance(1s);
  EXPECT_EQ(stack.bottom->ended, "aborted") << "the peer took nothing in the time there is to close";
}

TEST_F(ThrottleTest, AbortsBeyondItsWriteLimit) {
  Stack stack(std::make_unique<Throttle>(nullptr, rate(1000), TransportOptions{.write_limit = 10'000}));
  stack.layer->write(std::string(9'000, 'x'));
  stack.layer->write(std::string(9'000, 'x'));
  EXPECT_EQ(stack.bottom->ended, "");
  stack.layer->write("x");
  EXPECT_EQ(stack.bottom->ended, "aborted");
  stack.bottom->lose(Failure(ConnectionAborted()));
  EXPECT_TRUE(stack.told.events.ends_with("connection aborted: the peer does not read fast enough, or its rate is too low (write_limit)"));
}

TEST_F(ThrottleTest, ReadsAtTheRate) {
  Stack stack(std::make_unique<Throttle>(rate(1000), nullptr));
  stack.bottom->unread = std::string(5000, 'x');
  for (int i = 0; i < 300; ++i) {
    stack.bottom->deliver_unread();
    clock_.advance(10ms);
  }
  EXPECT_NEAR(static_cast<double>(stack.told.came.size()), 3000 + 100, 60);
  EXPECT_FALSE(stack.bottom->reading());
}

TEST_F(ThrottleTest, ReadsNothingWhileNobodyWantsIt) {
  Stack stack(std::make_unique<Throttle>(rate(1000), nullptr));
  stack.layer->pause_reading();
  EXPECT_FALSE(stack.bottom->reading());
  clock_.advance(10s);
  EXPECT_FALSE(stack.bottom->reading());
  stack.layer->resume_reading();
  EXPECT_TRUE(stack.bottom->reading());
}

TEST_F(ThrottleTest, ItsOwnerMayGoInEveryCall) {
  {
    Stack stack(std::make_unique<Throttle>(rate(1000), rate(1000), TransportOptions{.high_water = 100, .low_water = 50}));
    stack.told.on_room = [&] { std::exchange(stack.bottom, nullptr)->drop(); };
    stack.layer->write(std::string(400, 'x'));
    for (int i = 0; i < 100; ++i) clock_.advance(10ms);
    EXPECT_EQ(stack.bottom, nullptr);
  }
  {
    Stack stack(std::make_unique<Throttle>(rate(1000), rate(1000)));
    stack.told.on_data = [&] { std::exchange(stack.bottom, nullptr)->drop(); };
    stack.bottom->deliver(std::string(90, 'x'));
    EXPECT_EQ(stack.bottom, nullptr);
  }
  for (int turns = 0; turns < 10; ++turns) {
    Stack stack(std::make_unique<Throttle>(rate(1000), rate(1000)));
    stack.layer->write(std::string(1000, 'x'));
    stack.bottom->deliver(std::string(1000, 'x'));
    for (int i = 0; i < turns; ++i) clock_.advance(10ms);
  }
  clock_.advance(10s);
  EXPECT_TRUE(clock_.idle());
}

TEST(PortThrottle, BoundsWhatAPortMoves) {
  on_reactor([]() -> Deferred<void> {
    auto& reactor = Reactor::required("a test");
    auto port = Port::serve(anywhere(), echo,
                            {.layers = {throttle({.connection = {.in = {2'000'000}},
                                                  .peer = {.out = {1'000'000, 10'000}},
                                                  .all = {.out = {100'000'000}}})}});
    const Instant begin = reactor.exact_now();
    std::vector<Deferred<void>> all;
    for (int i = 0; i < 4; ++i) {
      all.push_back([](SocketAddress where) -> Deferred<void> {
        Stream s = co_await connect_tcp(where);
        const std::string sent(50'000, 'x');
        auto writing = s.write(sent);
        EXPECT_EQ(co_await s.read_exactly(sent.size()), sent);
        co_await std::move(writing);
      }(port.address()));
    }
    for (auto& each : all) co_await std::move(each);
    EXPECT_GE(reactor.exact_now() - begin, 180ms) << "200,000 bytes at 1,000,000 bytes/s after a burst of 10,000";
  });
}

TEST(PortThrottle, AFileArrivesWhole) {
  on_reactor([]() -> Deferred<void> {
    std::string sent;
    for (int i = 0; i < 50'000; ++i) sent += std::to_string(i);
    UniqueFd file(::memfd_create("file", MFD_CLOEXEC));
    EXPECT_EQ(::write(file.get(), sent.data(), sent.size()), static_cast<ssize_t>(sent.size()));
    auto port = Port::serve(
        anywhere(),
        [&](this auto, Stream s) -> Deferred<void> {
          co_await s.send_file(UniqueFd(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0)), 0, sent.size());
        },
        {.layers = {throttle({.connection = {.out = {5'000'000, 1000}}})}});
    Stream s = co_await connect_tcp(port.address());
    EXPECT_EQ(co_await s.read_exactly(sent.size()), sent);
    EXPECT_EQ(co_await s.read_some(), std::nullopt);
  });
}

TEST_F(TrafficLogTest, ShowsWhatGoesOverAndStops) {
  const auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope(captured, LogLevel::kDebug);
  Stack stack(std::make_unique<TrafficLog>(TrafficLogOptions{.at_once = 6, .in_all = 15}));
  stack.bottom->deliver("hello\n");
  stack.layer->write("hello to you");
  stack.layer->write("and more");
  stack.layer->write("and nothing of this");
  stack.bottom->lose(Failure(ConnectionDone()));
  std::vector<std::string> said;
  for (const auto& record : captured->records()) said.push_back(record.message);
  EXPECT_EQ(said, (std::vector<std::string>{
                      "127.0.0.1:1 | connected to 127.0.0.1:1",
                      "127.0.0.1:1 > 6 bytes: hello\n",
                      "127.0.0.1:1 < 12 bytes: hello  (6 more)",
                      "127.0.0.1:1 < 8 bytes: and (5 more) (no more of this connection is shown)",
                      "127.0.0.1:1 | connection closed; 6 bytes came, 39 went",
                  }));
}

TEST_F(TrafficLogTest, IsSilentBelowItsLevelAndWritesHex) {
  const auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope(captured, LogLevel::kInfo);
  Stack silent(std::make_unique<TrafficLog>());
  silent.bottom->deliver("hello");
  EXPECT_EQ(captured->count(), 0u);
  Stack hex(std::make_unique<TrafficLog>(TrafficLogOptions{.level = LogLevel::kInfo, .hex = true}));
  hex.bottom->deliver(std::string_view("\0\xffz", 3));
  EXPECT_TRUE(captured->contains("> 3 bytes: 00 ff 7a"));
}

}  // namespace
}  // namespace torc
