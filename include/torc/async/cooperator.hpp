// Cooperator, cooperate() and CooperativeTask: long computations that share the loop (semantics, rule 39).
//
//   auto task = torc::cooperate(crunch(data));   // a Steps coroutine (torc/async/steps.hpp)
//   task.pause(); task.resume();
//   co_await task.when_done();                   // or task.stop()
//
// A Cooperator takes its tasks in turn, a step of each, until its slice is over; in the next turn of the loop it
// goes on with the task whose turn it was. cooperate() uses one that belongs to the current scheduler.
//
// A CooperativeTask owns its task: dropping it ends the task. A Cooperator ends the tasks it has when it is
// destroyed. Steps may pause, stop and drop their own task or any other, or destroy the Cooperator: the frame of
// a step that runs lives until that step ends. One thread.
#pragma once

#include <torc/async/scheduler.hpp>
#include <torc/async/steps.hpp>
#include <torc/async/tasks.hpp>
#include <torc/async/wait_list.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/intrusive_list.hpp>

#include <cstddef>
#include <functional>
#include <source_location>
#include <utility>

namespace torc {

class Cooperator;
class CooperativeTask;

/// pause() or stop() of a task that has ended.
class TaskFinished : public Error {
 public:
  using Error::Error;
};
/// It had made its last step.
class TaskDone : public TaskFinished {
 public:
  using TaskFinished::TaskFinished;
};
/// It had been stopped. Also what when_done() fails with then.
class TaskStopped : public TaskFinished {
 public:
  using TaskFinished::TaskFinished;
};
/// A step had failed; `failure()` is with what.
class TaskFailed : public TaskFinished {
 public:
  explicit TaskFailed(Failure failure) : TaskFinished("the task has failed: " + failure.message()), failure_(std::move(failure)) {}
  const Failure& failure() const noexcept { return failure_; }

 private:
  Failure failure_;
};
/// Its Cooperator was stopped or destroyed.
class SchedulerStopped : public TaskStopped {
 public:
  using TaskStopped::TaskStopped;
};
/// resume() without a pause().
class NotPaused : public Error {
 public:
  using Error::Error;
};

enum class TaskState { kRunning, kPaused, kDone, kStopped, kFailed };

namespace detail {

/// The place of a task in its cooperator's lists.
struct PlaceInTurn : ListHook {};

/// A task of a Cooperator. Belongs to its CooperativeTask or, detached, to itself until it ends.
class CooperatedTask final : public Stepper, public PlaceInTurn, public Root, public Pooled {
 public:
  CooperatedTask(StepsOperation* operation, const std::source_location& where) noexcept;
  ~CooperatedTask();

  void begin(Cooperator& cooperator) noexcept;
  void make_step() noexcept;
  /// The end: `failure` is what when_done() gives, empty for success. Runs nothing; drop_frame() has to follow.
  void end(TaskState state, FailureSlot failure) noexcept;
  /// Runs the destructors of the frame, which may do anything; deletes this when nobody holds it.
  void drop_frame() noexcept;
  void finish(TaskState state, FailureSlot failure) noexcept;
  /// The handle is gone.
  void let_go() noexcept;

 private:
  friend class torc::CooperativeTask;
  void can_go_on() noexcept override { place(); }
  /// Into the cooperator's line if it can make a step, otherwise aside.
  void place() noexcept;
  bool ended() const noexcept { return state_ != TaskState::kRunning; }
  void throw_if_ended() const;

  Cooperator* cooperator_ = nullptr;  // null at the end
  StepsOperation* operation_;         // null at the end
  WaitList<void> waiters_{"a CooperativeTask"};
  FailureSlot failure_;
  std::size_t pauses_ = 0;
  TaskState state_ = TaskState::kRunning;
  bool handled_ = true;    // a CooperativeTask owns it
  bool stepping_ = false;  // its code is on the stack
  bool seen_ = false;      // somebody was given the failure
};

}  // namespace detail

/// The handle of one task. Move-only.
class [[nodiscard("dropping it ends the task: keep it or detach() it")]] CooperativeTask final {
 public:
  CooperativeTask(CooperativeTask&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
  CooperativeTask& operator=(CooperativeTask&& other) noexcept {
    CooperativeTask before(std::move(*this));
    task_ = std::exchange(other.task_, nullptr);
    return *this;
  }
  /// Ends the task; who waits for it gets BrokenPromise. A failure nobody was given is logged.
  ~CooperativeTask() {
    if (task_) task_->let_go();
  }

  /// No further step until as many resume(). A step that runs, and a wait, go on.
  /// Errors: throws TaskDone, TaskStopped or TaskFailed when the task has ended.
  void pause();
  /// Takes one pause() back. Does nothing more for a task that has ended.
  /// Errors: throws NotPaused.
  void resume();
  /// Ends it with TaskStopped: the frame is destroyed, with what it waits for. Who waits for the end runs before
  /// this returns, or after the current firing.
  /// Errors: as pause().
  void stop();

  /// Fires when the task has ended, at once when it has; for any number of callers. Fails with what a step threw,
  /// with TaskStopped or SchedulerStopped, or with ReactorStopped when its scheduler ended.
  /// Cancellation: ends only this wait.
  Deferred<void> when_done();

  TaskState state() const noexcept;

  /// Lets the task go on without a handle, owned by its cooperator. A failure is logged.
  void detach() && noexcept;

 private:
  friend class Cooperator;
  explicit CooperativeTask(detail::CooperatedTask* task) noexcept : task_(task) {}
  detail::CooperatedTask* task_;
};

struct CooperatorOptions {
  /// How long the tasks together may hold a turn of the loop. Every slice makes at least one step.
  Duration slice = std::chrono::milliseconds(10);
  /// Steps in one slice, however short they are. On virtual time, where steps take none, this ends a slice.
  std::size_t steps = 1000;
  /// Instead of both: called as a slice begins, gives the function that is asked after each step whether the
  /// slice is over.
  std::function<std::move_only_function<bool()>()> until{};
};

class Cooperator final : private detail::Posted {
 public:
  /// Works on `scheduler`, which must outlive it.
  explicit Cooperator(CooperatorOptions options = {}, Scheduler& scheduler = Scheduler::required("a Cooperator"));
  /// As stop(), but who waits is told later (semantics, rule 4).
  ~Cooperator();
  Cooperator(const Cooperator&) = delete;
  Cooperator& operator=(const Cooperator&) = delete;

  /// Takes `steps` in, behind the others; the first is made in the next turn. On a stopped cooperator the task has
  /// ended with SchedulerStopped. `where` is for reports.
  CooperativeTask cooperate(Steps steps, std::source_location where = std::source_location::current());

  /// Ends every task, paused ones included, with SchedulerStopped.
  void stop() noexcept;
  /// Takes new tasks again.
  void start() noexcept { running_ = true; }
  bool running() const noexcept { return running_; }

 private:
  friend class detail::CooperatedTask;
  friend class detail::Background;
  using Tasks = detail::IntrusiveList<detail::PlaceInTurn>;

  void run() noexcept override;
  bool slice_is_over(Instant end, std::size_t steps, std::move_only_function<bool()>& until) noexcept;
  void end_all(const Failure& failure) noexcept;

  CooperatorOptions options_;
  Scheduler& scheduler_;
  Tasks ready_;                                // who can make a step; the first is next
  Tasks idle_;                                 // paused or waiting
  detail::CooperatedTask* stepping_ = nullptr;
  bool* gone_ = nullptr;                       // set in a slice: told when that slice destroys the cooperator
  bool running_ = true;
};

/// A task on the current scheduler's own cooperator. It ends with ReactorStopped when the scheduler does.
CooperativeTask cooperate(Steps steps, std::source_location where = std::source_location::current());

}  // namespace torc
