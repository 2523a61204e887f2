#include <torc/async/cooperator.hpp>

#include <torc/async/background.hpp>
#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

Steps say(std::string& said, char letter, int steps) {
  for (int i = 0; i < steps; ++i) {
    said += letter;
    co_yield {};
  }
}

Steps forever(int& made) {
  for (;;) {
    ++made;
    co_yield {};
  }
}

// Calls `f` in each step, with the step's number.
Steps calls(std::function<void(int)> f, int steps = 3) {
  for (int i = 1; i <= steps; ++i) {
    f(i);
    co_yield {};
  }
}

Steps holds(std::shared_ptr<int> witness) {
  for (;;) {
    ++*witness;
    co_yield {};
  }
}

TEST(Steps, BeginLazilyAndEndAfterTheLastStep) {
  testing::Clock clock;
  std::string said;
  CooperativeTask task = cooperate(say(said, 'a', 3));
  EXPECT_EQ(said, "");
  EXPECT_EQ(task.state(), TaskState::kRunning);
  auto done = task.when_done();
  clock.turn();
  EXPECT_EQ(said, "aaa");
  EXPECT_EQ(task.state(), TaskState::kDone);
  EXPECT_TRUE(done.take());
  EXPECT_TRUE(task.when_done().take());
  EXPECT_TRUE(clock.idle());
}

TEST(Steps, ThatNobodyMakesAreDestroyed) {
  auto witness = std::make_shared<int>(0);
  { const Steps steps = holds(witness); }
  EXPECT_EQ(witness.use_count(), 1);
  EXPECT_EQ(*witness, 0);
}

TEST(Steps, WaitForADeferredThatTheyYield) {
  testing::Clock clock;
  auto [number, promise] = make_deferred<int>();
  int got = 0;
  auto steps = [](Deferred<int> wanted, int& result) -> Steps {
    result = co_yield wanted;
    result += co_yield succeed(1);  // ready: no step is lost
    co_yield sleep(1s);
    ++result;
  };
  CooperativeTask task = cooperate(steps(std::move(number), got));
  std::string said;
  const CooperativeTask other = cooperate(say(said, 'b', 2));
  clock.turn();
  EXPECT_EQ(said, "bb");  // others go on meanwhile
  EXPECT_EQ(task.state(), TaskState::kRunning);
  promise.set_value(7);
  EXPECT_EQ(got, 0);  // a step is made in a slice only
  clock.turn();
  EXPECT_EQ(got, 8);
  clock.advance(1s);
  EXPECT_EQ(got, 9);
  EXPECT_EQ(task.state(), TaskState::kDone);
}

TEST(Steps, AFailedWaitIsThrownIntoThemAndFailsThemUnlessCaught) {
  testing::Clock clock;
  auto careful = [](bool& caught) -> Steps {
    try {
      co_yield fail(std::runtime_error("first"));
    } catch (const std::runtime_error&) {
      caught = true;
    }
    co_yield fail(std::runtime_error("second"));
  };
  bool caught = false;
  CooperativeTask task = cooperate(careful(caught));
  clock.advance(0s);
  EXPECT_TRUE(caught);
  EXPECT_EQ(task.state(), TaskState::kFailed);
  EXPECT_EQ(task.when_done().take().error().message(), "second");
}

TEST(Steps, ACapturingLambdaKeepsItsCapturesInTheFrame) {
  testing::Clock clock;
  auto witness = std::make_shared<int>(0);
  CooperativeTask task = cooperate([witness](this auto) -> Steps {
    co_yield {};
    ++*witness;
  }());
  clock.advance(0s);
  EXPECT_EQ(*witness, 1);
  EXPECT_EQ(task.state(), TaskState::kDone);
}

TEST(Cooperator, TakesItsTasksInTurnAndGoesOnWhereItsSliceEnded) {
  testing::Clock clock;
  Cooperator cooperator({.steps = 2});
  std::string said;
  const auto a = cooperator.cooperate(say(said, 'a', 4));
  const auto b = cooperator.cooperate(say(said, 'b', 4));
  const auto c = cooperator.cooperate(say(said, 'c', 2));
  clock.turn();
  EXPECT_EQ(said, "ab");
  clock.turn();
  EXPECT_EQ(said, "abca");
  clock.advance(0s);
  EXPECT_EQ(said, "abcabcabab");
}

TEST(Cooperator, ASliceEndsByTheClockAfterAtLeastOneStep) {
  // A scheduler whose time passes while steps run.
  testing::Clock clock;
  struct Passing final : Scheduler {
    explicit Passing(Scheduler& below) : below(below) {}
    Instant now() const noexcept override { return below.now(); }
    Instant exact_now() const noexcept override { return Instant(passed); }
    WallTime wall_now() const noexcept override { return below.wall_now(); }
    void arm(detail::Timer& timer, Instant due) noexcept override { below.arm(timer, due); }
    void post(detail::Posted& work) noexcept override { below.post(work); }
    std::uint64_t random() noexcept override { return below.random(); }
    detail::Background& background() noexcept override { return below.background(); }
    Scheduler& below;
    Duration passed{};
  } scheduler(clock);
  Cooperator cooperator({}, scheduler);
  int made = 0;
  const auto task = cooperator.cooperate(calls([&](int) {
    ++made;
    scheduler.passed += made > 2 ? 1h : 5ms;
  }, 5));
  clock.turn();
  EXPECT_EQ(made, 2);  // 10 ms
  clock.turn();
  EXPECT_EQ(made, 3);
  clock.turn();
  EXPECT_EQ(made, 4);
}

TEST(Cooperator, AsksItsPredicateInstead) {
  testing::Clock clock;
  int slices = 0, asked = 0;
  Cooperator cooperator({.until = [&] {
    ++slices;
    return [&] { return ++asked % 3 == 0; };
  }});
  int made = 0;
  const auto task = cooperator.cooperate(forever(made));
  clock.turn();
  EXPECT_EQ(made, 3);
  clock.turn();
  EXPECT_EQ(made, 6);
  EXPECT_EQ(slices, 2);
}

TEST(CooperativeTask, PausesAreCounted) {
  testing::Clock clock;
  Cooperator cooperator({.steps = 1});
  int made = 0;
  auto task = cooperator.cooperate(forever(made));
  clock.turn();
  task.pause();
  task.pause();
  EXPECT_EQ(task.state(), TaskState::kPaused);
  clock.advance(1s);  // ends: nothing is posted
  task.resume();
  clock.advance(1s);
  EXPECT_EQ(made, 1);
  task.resume();
  EXPECT_EQ(task.state(), TaskState::kRunning);
  clock.turn();
  EXPECT_EQ(made, 2);
  EXPECT_THROW(task.resume(), NotPaused);
}

TEST(CooperativeTask, APauseDuringAWaitHoldsWhenTheWaitIsOver) {
  testing::Clock clock;
  std::string said;
  auto steps = [](std::string& out) -> Steps {
    co_yield sleep(1s);
    out += "slept";
  };
  auto task = cooperate(steps(said));
  clock.turn();
  task.pause();
  clock.advance(2s);
  EXPECT_EQ(said, "");
  task.resume();
  clock.turn();
  EXPECT_EQ(said, "slept");
}

TEST(CooperativeTask, StoppingDestroysTheFrameAndTellsEveryCaller) {
  testing::Clock clock;
  Cooperator cooperator({.steps = 1});
  auto witness = std::make_shared<int>(0);
  auto task = cooperator.cooperate(holds(witness));
  auto first = task.when_done();
  auto second = task.when_done();
  clock.turn();
  task.stop();
  EXPECT_EQ(witness.use_count(), 1);
  EXPECT_EQ(task.state(), TaskState::kStopped);
  EXPECT_TRUE(first.take().error().check<TaskStopped>());
  EXPECT_TRUE(second.take().error().check<TaskStopped>());
  EXPECT_TRUE(task.when_done().take().error().check<TaskStopped>());
  EXPECT_THROW(task.pause(), TaskStopped);
  EXPECT_THROW(task.stop(), TaskStopped);
  clock.advance(1s);
  EXPECT_EQ(*witness, 1);
}

TEST(CooperativeTask, StoppingDropsWhatItWaitsFor) {
  testing::Clock clock;
  auto [d, promise] = make_deferred<void>();
  auto task = cooperate([](Deferred<void> wanted) -> Steps { co_yield wanted; }(std::move(d)));
  clock.turn();
  EXPECT_TRUE(promise.wanted());
  task.stop();
  EXPECT_FALSE(promise.wanted());
}

TEST(CooperativeTask, AfterItsEndEachCallSaysHowItEnded) {
  testing::Clock clock;
  auto done = cooperate(calls([](int) {}));
  auto failed = cooperate(calls([](int) { throw std::runtime_error("no luck"); }));
  auto paused = cooperate(calls([](int) {}));
  paused.pause();
  clock.advance(0s);
  EXPECT_THROW(done.pause(), TaskDone);
  EXPECT_THROW(done.stop(), TaskDone);
  EXPECT_THROW(done.resume(), NotPaused);
  EXPECT_EQ(failed.when_done().take().error().message(), "no luck");
  try {
    failed.stop();
    ADD_FAILURE();
  } catch (const TaskFailed& error) {
    EXPECT_EQ(error.failure().message(), "no luck");
  }
  paused.stop();
  paused.resume();  // takes the pause back, no more
  EXPECT_EQ(paused.state(), TaskState::kStopped);
}

TEST(CooperativeTask, AFailureNobodyWasGivenIsLogged) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  testing::Clock clock;
  const auto bad = [] { return calls([](int) { throw std::runtime_error("unheard"); }); };
  {
    const auto task = cooperate(bad());
    clock.advance(0s);
    EXPECT_FALSE(captured->contains("unheard"));  // somebody may still ask
  }
  EXPECT_TRUE(captured->contains("unheard"));
  captured->clear();
  cooperate(bad()).detach();
  clock.advance(0s);
  EXPECT_TRUE(captured->contains("unheard"));
  captured->clear();
  {
    auto task = cooperate(bad());
    auto done = task.when_done();
    clock.advance(0s);
    EXPECT_FALSE(done.take());
  }
  EXPECT_FALSE(captured->contains("unheard"));
}

TEST(CooperativeTask, DroppingItEndsItAndDetachingDoesNot) {
  testing::Clock clock;
  Cooperator cooperator({.steps = 1});
  auto witness = std::make_shared<int>(0);
  std::optional<CooperativeTask> task = cooperator.cooperate(holds(witness));
  auto done = task->when_done();
  clock.turn();
  task.reset();
  EXPECT_EQ(witness.use_count(), 1);
  clock.turn();
  EXPECT_TRUE(done.take().error().check<BrokenPromise>());
  EXPECT_EQ(*witness, 1);

  cooperator.cooperate(holds(witness)).detach();
  clock.turn();
  EXPECT_EQ(*witness, 2);
  cooperator.stop();
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(CooperativeTask, CancellingOneWhenDoneLeavesTheTaskAlone) {
  testing::Clock clock;
  Cooperator cooperator({.steps = 1});
  auto task = cooperator.cooperate(calls([](int) {}));
  auto first = task.when_done();
  auto second = task.when_done();
  first.cancel();
  EXPECT_TRUE(first.take().error().check<Cancelled>());
  clock.advance(0s);
  EXPECT_TRUE(second.take());
}

// What a step may do to its own task, to others and to the cooperator, each in each of its steps.
TEST(CooperativeTask, AStepMayPauseStopOrDropAnythingAroundIt) {
  enum { kPauseSelf, kStopSelf, kDropSelf, kStopOther, kDropOther, kStopCooperator, kDropCooperator, kDropAll, kCount };
  for (int what = 0; what < kCount; ++what) {
    for (int when = 1; when <= 3; ++when) {
      for (const std::size_t slice : {1u, 100u}) {
        testing::Clock clock;
        auto cooperator = std::make_unique<Cooperator>(CooperatorOptions{.steps = slice});
        auto witness = std::make_shared<int>(0);
        std::optional<CooperativeTask> self, other;
        int after = 0;  // code of the acting step that ran behind the act
        self = cooperator->cooperate(calls([&, witness](int step) {
          if (step != when) return;
          switch (what) {
            case kPauseSelf: self->pause(); break;
            case kStopSelf: self->stop(); break;
            case kDropSelf: self.reset(); break;
            case kStopOther: other->stop(); break;
            case kDropOther: other.reset(); break;
            case kStopCooperator: cooperator->stop(); break;
            case kDropCooperator: cooperator.reset(); break;
            default: cooperator.reset(), self.reset(), other.reset();
          }
          after += *witness + 1;  // the captures are still there
        }));
        other = cooperator->cooperate(calls([witness](int) {}, 10));
        auto done = self->when_done();
        for (int i = 0; i < 20; ++i) clock.turn();
        EXPECT_EQ(after, 1) << what << " in step " << when;
        if (what == kPauseSelf) {
          EXPECT_EQ(self->state(), TaskState::kPaused);
          EXPECT_TRUE(done.pending());
          self->resume();
          for (int i = 0; i < 20; ++i) clock.turn();
          EXPECT_TRUE(done.take());
        } else {
          ASSERT_TRUE(done.fired());
          const auto outcome = done.take();
          switch (what) {
            case kStopSelf: EXPECT_TRUE(outcome.error().check<TaskStopped>()); break;
            case kDropAll:
            case kStopCooperator:
            case kDropCooperator: EXPECT_TRUE(outcome.error().check<SchedulerStopped>()); break;
            case kDropSelf: EXPECT_TRUE(outcome.error().check<BrokenPromise>()); break;
            default: EXPECT_TRUE(outcome);
          }
        }
        EXPECT_TRUE(clock.idle());
        self.reset();
        other.reset();
        EXPECT_EQ(witness.use_count(), 1) << what << " in step " << when;
      }
    }
  }
}

TEST(Cooperator, WhoWaitsForATaskMayDestroyEverything) {
  testing::Clock clock;
  auto cooperator = std::make_unique<Cooperator>();
  std::optional<CooperativeTask> task = cooperator->cooperate(calls([](int) {}));
  auto witness = std::make_shared<int>(0);
  const auto other = cooperator->cooperate(holds(witness));
  bool told = false;
  auto end = task->when_done().then([&] {
    told = true;
    task.reset();
    cooperator.reset();
  });
  clock.turn();
  EXPECT_TRUE(told);
  EXPECT_EQ(other.state(), TaskState::kStopped);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(Cooperator, StoppingEndsEveryTaskPausedOnesIncluded) {
  testing::Clock clock;
  Cooperator cooperator;
  std::vector<CooperativeTask> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(cooperator.cooperate(calls([](int) {})));
  tasks[3].pause();
  std::vector<Deferred<void>> ends;
  for (auto& task : tasks) ends.push_back(task.when_done());
  cooperator.stop();
  EXPECT_FALSE(cooperator.running());
  for (auto& end : ends) EXPECT_TRUE(end.take().error().check<SchedulerStopped>());
  auto late = cooperator.cooperate(calls([](int) {}));
  EXPECT_EQ(late.state(), TaskState::kStopped);
  EXPECT_TRUE(late.when_done().take().error().check<SchedulerStopped>());
  cooperator.start();
  const auto again = cooperator.cooperate(calls([](int) {}));
  clock.advance(0s);
  EXPECT_EQ(again.state(), TaskState::kDone);
}

TEST(Cooperator, ADestructorInAFrameMayDestroyTheCooperatorWhileItStops) {
  struct Destroyer {
    std::unique_ptr<Cooperator>* cooperator;
    ~Destroyer() { cooperator->reset(); }
  };
  testing::Clock clock;
  auto cooperator = std::make_unique<Cooperator>(CooperatorOptions{.steps = 2});
  auto witness = std::make_shared<int>(0);
  auto first = cooperator->cooperate([](std::unique_ptr<Cooperator>& whole) -> Steps {
    const Destroyer destroyer{&whole};
    for (;;) co_yield {};
  }(cooperator));
  auto second = cooperator->cooperate(holds(witness));
  clock.turn();
  cooperator->stop();
  EXPECT_EQ(cooperator, nullptr);
  EXPECT_EQ(second.state(), TaskState::kStopped);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(Cooperate, EndsWithItsScheduler) {
  std::optional<CooperativeTask> task;
  Deferred<void> done = succeed();
  int made = 0;
  {
    testing::Clock clock;
    task = cooperate(forever(made));
    done = task->when_done();
    clock.turn();
    EXPECT_EQ(made, 1000);
    ASSERT_EQ(clock.tasks().size(), 1u);
    EXPECT_NE(clock.tasks()[0].text().find("a cooperative task from cooperator_test.cpp"), std::string::npos);
    clock.background().cancel_all();  // as a reactor that stops does
    EXPECT_TRUE(done.take().error().check<ReactorStopped>());
    EXPECT_TRUE(clock.tasks().empty());
    task = cooperate(forever(made));  // and can be used again
    done = task->when_done();
  }
  EXPECT_EQ(task->state(), TaskState::kStopped);
  EXPECT_TRUE(done.take().error().check<ReactorStopped>());
}

}  // namespace
}  // namespace torc
