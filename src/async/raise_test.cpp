// co_await raise(failure): a coroutine ends with a failure, without a throw (semantics, rule 16).
#include <torc/async/coroutine.hpp>
#include <torc/async/lock.hpp>
#include <torc/async/promise.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>
#include <torc/base/traceback.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace torc {
namespace {

/// Writes its name when it dies, in capitals when it was cut off.
struct Tracked {
  Tracked(std::string& log, char name) : log(&log), name(name) {}
  Tracked(Tracked&& other) noexcept : log(std::exchange(other.log, nullptr)), name(other.name) {}
  ~Tracked() {
    if (log) *log += detail::RunQueue::current().tearing_down() ? static_cast<char>(name - 'a' + 'A') : name;
  }
  std::string* log;
  char name;
};

Deferred<void> raises(std::string& log, [[maybe_unused]] Tracked parameter) {
  const Tracked local(log, 'l');
  try {
    co_await raise(Failure(Error("refused")));
  } catch (...) {
    log += " caught ";
  }
  log += " went on ";
}

TEST(Raise, EndsTheCoroutineWithTheFailure) {
  std::string log;
  auto result = raises(log, Tracked(log, 'p'));
  ASSERT_TRUE(result.fired());
  EXPECT_EQ(log, "LP");  // at once, not when the result is taken
  const auto outcome = result.take();
  EXPECT_EQ(outcome.error().message(), "refused");
  EXPECT_TRUE(outcome.error().traceback().empty());
}

Deferred<int> raises_later(Deferred<void> wait, std::string& log) {
  const Tracked local(log, 'l');
  co_await wait;
  co_await raise(TimeoutError("too late"));
}

TEST(Raise, AfterAWaitIsDeliveredToWhoWaits) {
  auto [wait, promise] = make_deferred<void>();
  std::string log;
  auto outer = [](Deferred<int> inner, std::string& log) -> Deferred<std::string> {
    try {
      co_return std::to_string(co_await inner);
    } catch (const TimeoutError& error) {
      log += " handler ";
      co_return error.what();
    }
  }(raises_later(std::move(wait), log), log);
  promise.set_value();
  EXPECT_EQ(outer.take().value(), "too late");
  EXPECT_EQ(log, "L handler ");
}

TEST(Raise, ToldByStagesAndByAsOutcome) {
  auto [a, pa] = make_deferred<void>();
  auto [b, pb] = make_deferred<void>();
  std::string log;
  auto stage = raises_later(std::move(a), log).recover<TimeoutError>([](const TimeoutError&) { return 7; });
  auto outcome = [](Deferred<int> inner) -> Deferred<bool> {
    co_return !co_await as_outcome(std::move(inner));
  }(raises_later(std::move(b), log));
  pa.set_value();
  pb.set_value();
  EXPECT_EQ(stage.take().value(), 7);
  EXPECT_TRUE(outcome.take().value());
}

TEST(Raise, GivesBackWhatLocalsHeldBeforeAnybodyTakesTheResult) {
  Lock lock;
  auto fails = [](Lock& lock) -> Deferred<void> {
    const auto guard = co_await lock.acquire();
    co_await raise(Error("with the lock held"));
  }(lock);
  ASSERT_TRUE(fails.fired());
  auto next = lock.acquire();
  EXPECT_TRUE(next.fired());
  EXPECT_TRUE(next.take());
  EXPECT_EQ(fails.take().error().message(), "with the lock held");
}

TEST(Raise, ADestructorOfALocalMayDropTheCoroutine) {
  struct Drops {
    std::optional<Deferred<void>>* owner;
    ~Drops() { owner->reset(); }
  };
  std::optional<Deferred<void>> owner;
  auto [wait, promise] = make_deferred<void>();
  owner.emplace([](Deferred<void> wait, std::optional<Deferred<void>>& owner) -> Deferred<void> {
    const Drops drops{&owner};
    co_await wait;
    co_await raise(Error("nobody hears this"));
  }(std::move(wait), owner));
  promise.set_value();
  EXPECT_FALSE(owner);
}

TEST(Raise, ADestructorOfAParameterMayDropTheCoroutine) {
  struct Drops {
    std::optional<Deferred<void>>* owner;
    explicit Drops(std::optional<Deferred<void>>* owner) : owner(owner) {}
    Drops(Drops&& other) noexcept : owner(std::exchange(other.owner, nullptr)) {}
    ~Drops() {
      if (owner) owner->reset();
    }
  };
  std::optional<Deferred<void>> owner;
  auto [wait, promise] = make_deferred<void>();
  owner.emplace([](Deferred<void> wait, Drops) -> Deferred<void> {
    co_await wait;
    co_await raise(Error("nobody hears this"));
  }(std::move(wait), Drops(&owner)));
  promise.set_value();
  EXPECT_FALSE(owner);
}

TEST(Raise, DroppedWhileItRunsIsTornDown) {
  std::string log;
  std::optional<Deferred<void>> owner;
  auto [wait, promise] = make_deferred<void>();
  owner.emplace([](Deferred<void> wait, std::optional<Deferred<void>>& owner, std::string& log) -> Deferred<void> {
    const Tracked local(log, 'l');
    co_await wait;
    owner.reset();
    co_await raise(Error("nobody hears this"));
  }(std::move(wait), owner, log));
  promise.set_value();
  EXPECT_EQ(log, "L");
}

TEST(Raise, NestedInTheDestructorsOfAnother) {
  // Destroying the locals of one runs another that raises too.
  struct Runs {
    std::string* log;
    ~Runs() {
      auto inner = raises(*log, Tracked(*log, 'p'));
      *log += inner.take().error().message();
    }
  };
  std::string log;
  auto outer = [](std::string& log) -> Deferred<void> {
    const std::array<char, 5000> large{};  // not from the pool
    const Runs runs{&log};
    co_await raise(Error("outer " + std::to_string(large.size())));
  }(log);
  EXPECT_EQ(outer.take().error().message(), "outer 5000");
  EXPECT_EQ(log, "LPrefused");
}

TEST(Raise, DroppedUnseenIsReportedOnce) {
  const auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope(captured);
  std::string log;
  { const auto dropped = raises(log, Tracked(log, 'p')); }
  EXPECT_EQ(captured->count(), 1u) << captured->text();
  EXPECT_TRUE(captured->contains("refused"));
}

}  // namespace
}  // namespace torc
