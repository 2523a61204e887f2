#include <torc/endpoint/client_service.hpp>

#include "net/on_reactor.hpp"
#include "net/scripted_transport.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/base/log.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

// A network in which the test decides what becomes of an attempt, and a service on it.
class ClientServiceTest : public ::testing::Test {
 protected:
  class Said : public Protocol {
   public:
    explicit Said(ClientServiceTest* test) : test_(*test) {}
    void connection_made() override { test_.say("made "); }
    void data_received(std::string_view data) override { test_.say(std::string(data) + " "); }
    void connection_lost(const Failure&) override { test_.say("lost "); }

   private:
    ClientServiceTest& test_;
  };

  ~ClientServiceTest() override {
    service_.reset();
    clock_.advance(0s);
    for (auto* each : network_) each->drop();
  }

  void make(ClientServiceOptions options = {}) {
    options.jitter = 0;
    service_.emplace([this] { return attempt(); }, factory<Said>(this), std::move(options));
  }
  Deferred<Stream> attempt() {
    attempts_.push_back(clock_.now().time_since_epoch());
    say("attempt ");
    if (pending_) {
      auto [stream, promise] = make_deferred<Stream>();
      waiting_ = std::make_unique<Promise<Stream>>(std::move(promise));
      return std::move(stream);
    }
    if (!reachable_) return fail<Stream>(ConnectError("nobody there"));
    return succeed(connected());
  }
  Stream connected() {
    network_.push_back(new ScriptedTransport);
    return Stream(*network_.back());
  }
  void lose() { network_.back()->lose(Failure(ConnectionDone())); }
  void say(const std::string& what) {
    said_ += what;
    if (act_) act_(what);
  }
  // Whether `d` has a value, a failure with this message, or nothing yet.
  static std::string end_of(Deferred<void>& d) {
    if (d.pending()) return "pending";
    auto outcome = d.take();
    return outcome ? "done" : outcome.error().message();
  }

  testing::Clock clock_;
  std::shared_ptr<log::CaptureSink> log_ = std::make_shared<log::CaptureSink>();
  log::ScopedSink scope_{log_};
  bool reachable_ = true, pending_ = false;
  std::unique_ptr<Promise<Stream>> waiting_;
  std::vector<Duration> attempts_;
  std::vector<ScriptedTransport*> network_;
  std::string said_;
  std::function<void(const std::string&)> act_;
  std::optional<ClientService> service_;
};

TEST_F(ClientServiceTest, TriesWithGrowingPausesUpToTheLongest) {
  reachable_ = false;
  make({.initial_delay = 1s, .factor = 2, .max_delay = 5s});
  EXPECT_TRUE(attempts_.empty());
  service_->start();
  service_->start();
  for (int i = 0; i < 200; ++i) clock_.advance(100ms);
  EXPECT_EQ(attempts_, (std::vector<Duration>{0s, 1s, 3s, 7s, 12s, 17s}));
  EXPECT_EQ(service_->failures(), 6);
  EXPECT_EQ(log_->count(LogLevel::kWarning), 1u) << log_->text();
  EXPECT_TRUE(log_->contains("nobody there"));
}

TEST_F(ClientServiceTest, LeavesOutARandomPartOfAPause) {
  service_.emplace([this] { return attempt(); }, factory<Said>(this), ClientServiceOptions{.initial_delay = 1s, .factor = 1, .jitter = 0.5});
  reachable_ = false;
  service_->start();
  for (int i = 0; i < 20'000; ++i) clock_.advance(1ms);
  std::size_t different = 0;
  for (std::size_t i = 1; i < attempts_.size(); ++i) {
    const Duration pause = attempts_[i] - attempts_[i - 1];
    EXPECT_GE(pause, 500ms);
    EXPECT_LE(pause, 1001ms);
    different += i > 1 && pause != attempts_[i - 1] - attempts_[i - 2];
  }
  EXPECT_GT(different, 10u);
}

TEST_F(ClientServiceTest, OnlyAConnectionThatLastedBeginsAgainWithTheFirstPause) {
  make({.initial_delay = 1s, .factor = 10, .settled = 10s});
  service_->start();
  clock_.advance(1s);
  lose();  // at 1 s, too early
  clock_.advance(1s);
  clock_.advance(1s);
  lose();  // at 3 s, too early again
  for (int i = 0; i < 10; ++i) clock_.advance(1s);
  EXPECT_TRUE(service_->connected());
  clock_.advance(10s);
  lose();  // at 23 s
  EXPECT_EQ(service_->failures(), 0);
  clock_.advance(1s);
  EXPECT_EQ(attempts_, (std::vector<Duration>{0s, 2s, 13s, 24s}));
}

TEST_F(ClientServiceTest, TellsAllWhoWaitForAConnection) {
  pending_ = true;
  make();
  auto before = service_->when_connected();
  EXPECT_EQ(end_of(before), "the client service does not run: start() it first");
  service_->start();
  auto one = service_->when_connected(), two = service_->when_connected(3);
  { auto dropped = service_->when_connected(); }
  EXPECT_EQ(end_of(one), "pending");
  waiting_->set_value(connected());
  EXPECT_EQ(end_of(one), "done");
  EXPECT_EQ(end_of(two), "done");
  auto late = service_->when_connected();
  EXPECT_EQ(end_of(late), "done");
  EXPECT_TRUE(service_->connected());
  EXPECT_NE(dynamic_cast<Said*>(service_->protocol()), nullptr);
  lose();
  EXPECT_FALSE(service_->connected());
  EXPECT_EQ(service_->protocol(), nullptr);
}

TEST_F(ClientServiceTest, AWaiterMayGiveUpAfterSomeFailures) {
  reachable_ = false;
  make({.initial_delay = 1s, .factor = 1});
  service_->start();
  auto patient = service_->when_connected(), once = service_->when_connected(1), thrice = service_->when_connected(3);
  clock_.advance(1s);
  EXPECT_EQ(end_of(once), "nobody there");
  EXPECT_EQ(end_of(thrice), "pending");
  clock_.advance(1s);
  clock_.advance(1s);
  EXPECT_EQ(end_of(thrice), "nobody there");
  reachable_ = true;
  clock_.advance(1s);
  EXPECT_EQ(end_of(patient), "done");
}

TEST_F(ClientServiceTest, StopsInEveryState) {
  make();
  auto idle = service_->stop();
  EXPECT_EQ(end_of(idle), "done");

  pending_ = true;  // connecting
  service_->start();
  auto waiting = service_->when_connected();
  auto stopped = service_->stop();
  EXPECT_EQ(end_of(stopped), "done");
  EXPECT_EQ(end_of(waiting), "the client service was stopped");
  EXPECT_FALSE(waiting_->wanted());

  pending_ = reachable_ = false;  // pausing
  service_->start();
  auto stopped_again = service_->stop();
  EXPECT_EQ(end_of(stopped_again), "done");
  clock_.advance(100s);
  EXPECT_EQ(attempts_.size(), 2u);

  reachable_ = true;  // connected
  service_->start();
  auto first = service_->stop(), second = service_->stop();
  EXPECT_EQ(end_of(first), "pending");
  EXPECT_EQ(network_.back()->ended, "closed");
  lose();
  EXPECT_EQ(end_of(first), "done");
  EXPECT_EQ(end_of(second), "done");
  EXPECT_FALSE(service_->connected());
  clock_.advance(100s);
  EXPECT_EQ(attempts_.size(), 3u);
}

TEST_F(ClientServiceTest, StoppingCutsWhatDoesNotEndInTime) {
  make();
  service_->start();
  auto stopped = service_->stop(5s);
  clock_.advance(5s);
  EXPECT_EQ(end_of(stopped), "done");
  EXPECT_EQ(network_.back()->ended, "closed, aborted");
  service_->start();
  EXPECT_TRUE(service_->connected());
}

TEST_F(ClientServiceTest, StartedWhileItStopsItBeginsAgainAfterwards) {
  make();
  service_->start();
  auto stopped = service_->stop();
  service_->start();
  EXPECT_EQ(attempts_.size(), 1u);
  lose();
  EXPECT_EQ(end_of(stopped), "done");
  EXPECT_EQ(attempts_.size(), 2u);
  EXPECT_TRUE(service_->connected());
}

TEST_F(ClientServiceTest, WhatPreparesAConnectionMayFailTheAttempt) {
  int prepared = 0;
  make({.initial_delay = 1s, .factor = 1, .prepare = [&prepared](this auto, Stream s) -> Deferred<Stream> {
          if (++prepared < 3) throw Error("not let in");
          co_return std::move(s);
        }});
  service_->start();
  auto connected = service_->when_connected(), impatient = service_->when_connected(1);
  EXPECT_EQ(said_, "attempt ");
  clock_.advance(1s);
  EXPECT_EQ(end_of(impatient), "not let in");
  clock_.advance(1s);
  EXPECT_EQ(end_of(connected), "done");
  EXPECT_EQ(said_, "attempt attempt attempt made ");
}

TEST_F(ClientServiceTest, GivesConnectionsToAHandler) {
  bool cancelled = false;
  service_.emplace([this] { return attempt(); },
                   [&, this](this auto, Stream s) -> Deferred<void> {
                     say("served ");
                     while (true) {
                       auto chunk = co_await as_outcome(s.read_some());
                       cancelled = !chunk && chunk.error().template check<Cancelled>();
                       if (!chunk || !*chunk) break;
                       if (**chunk == "bad") throw Error("a bad message");
                     }
                   },
                   ClientServiceOptions{.initial_delay = 1s, .jitter = 0});
  service_->start();
  EXPECT_TRUE(service_->connected());
  EXPECT_EQ(service_->protocol(), nullptr);
  network_.back()->deliver("bad");
  EXPECT_TRUE(log_->contains("a bad message")) << log_->text();
  EXPECT_FALSE(service_->connected());
  clock_.advance(1s);
  EXPECT_EQ(said_, "attempt served attempt served ");
  auto stopped = service_->stop();
  EXPECT_EQ(end_of(stopped), "done");
  EXPECT_TRUE(cancelled);
}

TEST_F(ClientServiceTest, ItsOwnerMayGoInAnyCall) {
  for (const char* moment : {"attempt ", "made ", "hello ", "lost ", "told", "prepared"}) {
    said_.clear();
    reachable_ = true;
    make({.prepare = [this](this auto, Stream s) -> Deferred<Stream> {
      say("prepared");
      co_return std::move(s);
    }});
    act_ = [&](const std::string& what) {
      if (what == moment) service_.reset();
    };
    service_->start();
    if (service_) {
      auto told = service_->when_connected().then([this] { say("told"); });
      if (service_) network_.back()->deliver("hello");
      if (service_) lose();
    }
    EXPECT_FALSE(service_) << moment;
    clock_.advance(100s);
    EXPECT_TRUE(said_.ends_with(moment)) << moment << ": " << said_;
    act_ = nullptr;
  }
}

TEST_F(ClientServiceTest, ItsOwnerMayGoWhileAHandlerBegins) {
  service_.emplace([this] { return attempt(); }, [this](Stream) {
    service_.reset();
    return succeed();
  });
  service_->start();
  EXPECT_FALSE(service_);
  clock_.advance(100s);
  EXPECT_EQ(attempts_.size(), 1u);
}

TEST_F(ClientServiceTest, DroppedWhileItConnectsAndWhileItPauses) {
  pending_ = true;
  make();
  service_->start();
  service_.reset();
  EXPECT_FALSE(waiting_->wanted());
  pending_ = reachable_ = false;
  make();
  service_->start();
  service_.reset();
  clock_.advance(100s);
  EXPECT_EQ(attempts_.size(), 2u);
}

TEST(ClientServiceOnTcp, ComesBackWhenTheServerDoes) {
  on_reactor([]() -> Deferred<void> {
    int served = 0;
    const auto count = [&served](this auto, Stream s) -> Deferred<void> {
      ++served;
      while (co_await s.read_some()) {}
    };
    std::optional<Port> port = co_await listen(kAnywhere, count);
    const std::string where = here(*port);
    const std::string again = "tcp:" + std::to_string(port->address().port()) + ":address=127.0.0.1";
    class Quiet : public Protocol {
      void data_received(std::string_view) override {}
    };
    ClientService service(where, factory<Quiet>(), {.initial_delay = 1ms, .settled = 0s});
    service.start();
    co_await service.when_connected();
    port.reset();
    while (service.connected()) co_await sleep(1ms);
    port = co_await listen(again, count);
    co_await service.when_connected();
    while (served < 2) co_await sleep(1ms);
    EXPECT_EQ(port->connections(), 1u);
    co_await service.stop();
    while (port->connections() > 0) co_await sleep(1ms);
  });
}

TEST(ClientServiceOnTcp, RefusesWhatIsNoEndpoint) {
  EXPECT_THROW(ClientService service("tcp:nowhere", [](Stream) { return succeed(); }), BadEndpoint);
}

TEST(ConnectWithRetry, GoesOnUntilSomebodyListens) {
  on_reactor([]() -> Deferred<void> {
    std::optional<Port> port = co_await listen(kAnywhere, [](Stream s) -> Deferred<void> { co_await s.read_some(); });
    const std::string where = here(*port);
    const std::string again = "tcp:" + std::to_string(port->address().port()) + ":address=127.0.0.1";
    port.reset();
    auto refused = co_await as_outcome(connect(where, {.retry = {.attempts = 3, .initial_delay = 1ms}}));
    EXPECT_TRUE(refused.error().check<ConnectError>());
    EXPECT_TRUE(refused.error().report().contains("after 3 attempts")) << refused.error().report();
    auto connecting = connect(where, {.retry = {.attempts = 1000, .initial_delay = 1ms, .max_delay = 5ms}});
    co_await sleep(3ms);
    EXPECT_TRUE(connecting.pending());
    port = co_await listen(again, [](Stream s) -> Deferred<void> { co_await s.read_some(); });
    Stream stream = co_await std::move(connecting);
    EXPECT_TRUE(stream.open());
    auto bad = co_await as_outcome(connect("tcp:x", {.retry = {.attempts = 1000}}));
    EXPECT_TRUE(bad.error().check<BadEndpoint>());
  });
}

TEST_F(ClientServiceTest, DestroyingItWhileConnectedIsNoError) {
  const auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope(captured);
  make();
  service_->start();
  EXPECT_TRUE(service_->connected());
  service_.reset();
  clock_.advance(0s);
  EXPECT_FALSE(captured->contains("unhandled"));
}

}  // namespace
}  // namespace torc
