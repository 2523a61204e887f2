// Operation: the node of the graph of waits, and how it fires, is dropped and is cancelled.
//
// Behind every pending Deferred stands one Operation: the state a producer fills and a consumer takes.
// A coroutine, a `then` stage, a timer, a read on a socket are each one. This header is the mechanism;
// users meet it only as Deferred and Promise. One thread; no locks.
//
// States of an Operation, and who moves it:
//
//   pending ──fire()──▶ fired ──(run queue)──▶ the waiter's inner_fired() takes the result, then
//      │                                       discards the operation
//      ├──request_cancel()──▶ still pending; the producer ends it with Cancelled when it can
//      └──drop()──▶ torn down, leaf first; nothing it would have called runs
//
// - A *waiter* is the one consumer. Coroutines and stages are both: an Operation that waits for an inner
//   one. `inner_` points at the slot that holds the inner operation, so chains can be walked down, and
//   `waiter_` leads back up; no walk recurses.
// - Firing is synchronous but never nested: the outermost fire() drains the thread's run queue.
// - An operation whose code is on the stack (`running_`) cannot be destroyed: it is marked, and torn
//   down by leave() when that code suspends or ends.
#pragma once

#include <torc/async/affinity.hpp>
#include <torc/async/context.hpp>
#include <torc/async/current.hpp>
#include <torc/async/pool.hpp>
#include <torc/base/failure.hpp>

#include <atomic>
#include <cstdint>
#include <cstddef>
#include <source_location>
#include <utility>

namespace torc {

class Scheduler;

namespace detail {

class Operation;
class Fiber;
class Later;
class RunQueue;
extern constinit thread_local RunQueue run_queue;

/// What an operation is doing, for reports: the words for it, the line it stands at when that is known
/// (line 0: not), and since when it waits.
struct WaitSite {
  const char* doing = "a result";
  std::source_location where{};
  Instant since{};
};

/// What is told when an operation fires. Called by the run queue, never below the producer's frame
/// when that producer is itself being run by the queue.
class Waiter {
 public:
  virtual void inner_fired(Operation& inner) noexcept = 0;
  /// The operation that waits, when the waiter is one (a coroutine or a stage).
  virtual Operation* as_operation() noexcept { return nullptr; }

 protected:
  ~Waiter() = default;
};

class Operation : public Waiter {
 public:
  Operation() noexcept : home_(current.scheduler), context_(Context::current()) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  bool fired() const noexcept { return state_ == State::kFired; }
  bool cancel_requested() const noexcept { return cancel_requested_; }
  /// True while its own code is on the stack.
  bool running() const noexcept { return running_; }
  FailureSlot& failure() noexcept { return failure_; }
  Scheduler* home() const noexcept { return home_; }
  /// What was current when this began, and is while its code runs.
  Context& context() noexcept { return context_; }
  /// What it waits for, and where.
  virtual WaitSite site() const noexcept { return {}; }
  /// The operation it waits for, and the one that waits for it; null at the ends.
  Operation* inner() const noexcept { return inner_ ? *inner_ : nullptr; }
  Operation* outer() const noexcept { return waiter_ ? waiter_->as_operation() : nullptr; }

  bool waited_for() const noexcept { return waiter_ != nullptr; }
  /// As outer(), for a signal handler that interrupted this thread while this ran or was above what ran.
  /// Such a waiter lives: drop() cuts this edge before anything is destroyed.
  Operation* outer_if_safe() const noexcept { return operation_waits_ ? static_cast<Operation*>(waiter_) : nullptr; }
  /// While running: whose code called its code.
  Operation* below() const noexcept { return below_; }

  /// Names who waits from now on. At most one.
  void set_waiter(Waiter* waiter) noexcept {
    operation_waits_ = false;
    std::atomic_signal_fence(std::memory_order_seq_cst);  // outer_if_safe() reads the two in between
    waiter_ = waiter;
  }

  /// The consumer lets go of a pending or fired operation: it is torn down, leaf first.
  static void drop(Operation* operation) noexcept;

  /// Asks for the end of a pending operation; the waiter is still told. Reaches the innermost wait.
  static void request_cancel(Operation* operation) noexcept;

  /// The consumer has taken the result of a fired operation, which ends here.
  virtual void discard() noexcept = 0;
  /// The consumer has let go of a fired operation without looking at the result.
  virtual void discard_unseen() noexcept { discard(); }

  Operation* as_operation() noexcept final { return this; }
  void inner_fired(Operation& inner) noexcept override;

 protected:
  ~Operation() = default;

  /// The result is in place: tells the waiter, now or when the current firing drains.
  void fire() noexcept;
  void fire(Failure failure) noexcept {
    failure_ = std::move(failure);
    fire();
  }
  /// As fire(), but never runs anything before it returns: for destructors.
  void fire_later() noexcept;

  /// A pending operation lost its consumer: unregister and end. Runs no user code but destructors.
  virtual void abandon() noexcept = 0;
  /// A pending operation that waits for nothing else should end with Cancelled.
  /// Operations that do wait are reached by their innermost one instead.
  virtual void cancel_leaf() noexcept {}

  /// Begin and end of a stretch in which this operation's own code runs. leave() returns false when the
  /// operation was dropped meanwhile and has just been torn down: touch nothing.
  void enter() noexcept {
    running_ = true;
    below_ = std::exchange(current.task, this);
  }
  [[nodiscard]] bool leave() noexcept {
    running_ = false;
    current.task = below_;
    if (!orphaned_root_) [[likely]] return true;
    return leave_orphaned();
  }

  /// Waits for `slot`'s operation (null: for nothing).
  void wait_for(Operation** slot) noexcept {
    inner_ = slot;
    (*slot)->waiter_ = this;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    (*slot)->operation_waits_ = true;
  }
  void wait_for_nothing() noexcept { inner_ = nullptr; }

  bool shields_ = false;  // cancel requests stop here

 private:
  friend class RunQueue;
  friend class Fiber;
  friend class Later;
  enum class State : std::uint8_t { kPending, kFired };

  static void tear_down(Operation* root) noexcept;
  bool leave_orphaned() noexcept;

  Waiter* waiter_ = nullptr;
  Operation** inner_ = nullptr;
  Operation* next_ = nullptr;      // in the run queue
  Operation* previous_ = nullptr;
  Operation* orphaned_root_ = nullptr;  // while running: what was dropped and waits for us to leave
  Operation* below_ = nullptr;          // while running: whose code called ours
  Scheduler* home_;                     // what was current when this began
  Context context_;
  FailureSlot failure_;
  State state_ = State::kPending;
  bool queued_ = false;
  bool running_ = false;
  bool cancel_requested_ = false;
  bool operation_waits_ = false;  // the waiter is an Operation
};

/// The thread's queue of operations to be gone on with: of a fired one the waiter is told, a pending one
/// has yielded and goes on itself.
class RunQueue {
 public:
  static RunQueue& current() noexcept { return run_queue; }

  bool empty() const noexcept { return head_ == nullptr; }
  /// True while a dropped or failed operation is being destroyed: objects that die now were cut off.
  bool tearing_down() const noexcept { return tearing_down_; }
  /// Goes on with what is queued until nothing is. Does nothing inside a firing.
  void drain() noexcept {
    if (head_ && !firing_) run_all();
  }
  /// What is called when something is left here outside any firing, by a destructor for example; null for
  /// nothing. Set where no turn of a loop is sure to come soon: by a hosted reactor.
  void call_when_left(void (*f)() noexcept) noexcept { when_left_ = f; }

 private:
  friend class Operation;
  friend class Later;
  friend class Firing;
  friend class TearingDown;
  void push(Operation& operation) noexcept {
    operation.queued_ = true;
    operation.next_ = nullptr;
    operation.previous_ = tail_;
    (tail_ ? tail_->next_ : head_) = &operation;
    tail_ = &operation;
  }
  /// As push(), where nobody is sure to drain.
  void leave(Operation& operation) noexcept {
    push(operation);
    if (!firing_ && when_left_) [[unlikely]] when_left_();
  }
  void remove(Operation& operation) noexcept {
    operation.queued_ = false;
    (operation.previous_ ? operation.previous_->next_ : head_) = operation.next_;
    (operation.next_ ? operation.next_->previous_ : tail_) = operation.previous_;
  }

  void run_all() noexcept;

  Operation* head_ = nullptr;
  Operation* tail_ = nullptr;
  void (*when_left_)() noexcept = nullptr;
  bool firing_ = false;
  bool tearing_down_ = false;
};

inline void Operation::fire() noexcept {
  check_thread(home_, "a promise was fired, or an operation ended,");
  state_ = State::kFired;
  // Without a waiter the result stays here until somebody comes for it.
  if (waiter_) RunQueue::current().push(*this);
  RunQueue::current().drain();
}
inline void Operation::fire_later() noexcept {
  state_ = State::kFired;
  if (waiter_) RunQueue::current().leave(*this);
}

/// While one lives, what fires is queued; the outermost drains when it ends. Opened around anything
/// that walks a list of operations which firing could change.
class [[nodiscard]] Firing {
 public:
  Firing() noexcept : outermost_(!RunQueue::current().firing_) { RunQueue::current().firing_ = true; }
  ~Firing() {
    if (!outermost_) return;
    auto& queue = RunQueue::current();
    queue.firing_ = false;
    if (!queue.empty()) queue.drain();
  }
  Firing(const Firing&) = delete;
  Firing& operator=(const Firing&) = delete;

 private:
  bool outermost_;
};

/// While one lives, tearing_down() is `yes`.
class [[nodiscard]] TearingDown {
 public:
  explicit TearingDown(bool yes) noexcept : before_(std::exchange(RunQueue::current().tearing_down_, yes)) {}
  ~TearingDown() { RunQueue::current().tearing_down_ = before_; }
  TearingDown(const TearingDown&) = delete;
  TearingDown& operator=(const TearingDown&) = delete;

 private:
  bool before_;
};

/// Logs a failure that nobody will look at: where it failed, and where it was let go.
void report_unhandled(const Failure& failure, const char* where) noexcept;

}  // namespace detail

inline Context Context::current() noexcept {
  const auto& current = detail::current;
  return current.task ? current.task->context() : Context(current.context);
}

}  // namespace torc
