// Eventual: the state shared by a reactor's thread, which has the operation and its value, and those who
// wait for it elsewhere. The mechanism under EventualResult and blocking_call_from_thread.
//
//   waiting ──begin()──▶ begun ──settle()──▶ settled, with a value or a failure
//      └────────────── settle(): cancelled, the reactor stopped, or gone ────▲
//
// The phase and the failure are guarded by the lock; the operation and the value belong to the reactor's
// thread, and waiters read the value only once it is settled. While there is an operation or a value, the
// reactor houses the state (it then owns itself), so that both end on its thread: when the handle has let
// go, or with the reactor.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/async/maybe_deferred.hpp>
#include <torc/base/failure.hpp>
#include <torc/base/time.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/reactor/thread_door.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace torc::detail {

/// Stops the program when this thread runs a reactor; `what` is what would block it.
void check_may_block(const char* what) noexcept;

class Eventual : public OutsideWait, public Resident {
 public:
  explicit Eventual(std::shared_ptr<ThreadDoor> door) noexcept : door_(std::move(door)) {}

  // From any thread.

  /// Waits; false when `limit` is over first.
  bool wait(Duration limit);
  /// Waits, and throws the failure, or TimeoutError.
  void await(Duration limit);
  bool settled();
  /// The failure, if that is the result, which counts as having looked at it.
  std::optional<Failure> failure();
  void cancel();
  /// Nobody waits any more: reports a failure that nobody looked at, and ends the rest on the reactor's thread.
  void let_go() noexcept;
  /// Nobody waits any more, and the operation goes on.
  void detach() noexcept;
  /// As let_go(), but what is pending is cancelled and may end in its own time.
  void give_up() noexcept;

 protected:
  ~Eventual();

  /// Sends `start` to the reactor's thread.
  void send(std::move_only_function<void()> start) noexcept;
  /// On the reactor's thread: false when it is not to begin any more.
  bool begin() noexcept;
  /// Makes `failure` the result, or reports it when there is one already. `ended`: no operation is left.
  void settle(Failure failure, bool ended) noexcept;
  /// The operation has ended with a value: makes what `put` puts in place the result. False when there is
  /// one already or nobody is left to want it.
  template <class Put>
  bool settle_with(Put put) noexcept {
    {
      const std::lock_guard lock(mutex_);
      const bool wanted = phase_ != Phase::kSettled && !unwanted_;
      phase_ = Phase::kSettled;
      if (!wanted) {
        ended_ = true;
        return false;
      }
      ended_ = !put();
    }
    told_.notify_all();
    return true;
  }
  /// On the reactor's thread: owns itself there / does not any more, which may destroy it.
  void house(Reactor& reactor) noexcept;
  void leave() noexcept;

  // On the reactor's thread.
  virtual void cancel_operation() noexcept = 0;
  virtual void detach_operation() noexcept = 0;
  /// Destroys the operation and the value.
  virtual void clear() noexcept = 0;

 private:
  enum class Phase : char { kWaiting, kBegun, kSettled };

  /// Locked: does not begin any more. False when the reactor's thread has nothing of it to destroy.
  bool unwant() noexcept;
  void reactor_stopped() noexcept final;
  void reactor_stopping() noexcept final { detach_operation(); }
  void reactor_gone() noexcept final;

  const std::shared_ptr<ThreadDoor> door_;
  std::mutex mutex_;
  std::condition_variable told_;
  FailureSlot failure_;
  Phase phase_ = Phase::kWaiting;
  bool looked_at_ = false;
  bool unwanted_ = false;  // let go or detached
  bool ended_ = false;     // there is neither an operation nor a value
  std::shared_ptr<OutsideWait> self_;  // while housed
};

template <class T>
class EventualOf final : public Eventual {
 public:
  using Eventual::Eventual;

  /// Calls `f` on the reactor's thread. What it gives is the result.
  template <class F>
  static std::shared_ptr<EventualOf> start(std::shared_ptr<ThreadDoor> door, F f) {
    auto state = std::make_shared<EventualOf>(std::move(door));
    state->send([state, f = std::move(f)]() mutable { state->run(f); });
    return state;
  }

  std::shared_ptr<EventualOf> shared() { return std::static_pointer_cast<EventualOf>(shared_from_this()); }
  /// Once it is settled with a value.
  auto& value() noexcept
    requires(!std::is_void_v<T>)
  {
    return *value_;
  }
  /// Waits for the value and takes it; gives the operation up when the limit is over.
  T wait_and_take(Duration limit) {
    const struct Leave {
      ~Leave() { state.give_up(); }
      EventualOf& state;
    } leave{*this};
    await(limit);
    if constexpr (!std::is_void_v<T>) return std::move(*value_);
  }

 private:
  template <class F>
  void run(F& f) {
    if (!begin()) return;
    Deferred<T> result = maybe_deferred(f);
    if (result.fired()) return settle_outcome(result.take());
    house(Reactor::required("an EventualResult"));
    // The stage keeps this alive wherever it goes on.
    operation_ = std::move(result).then_outcome([self = shared()](Outcome<T> outcome) { self->settle_outcome(std::move(outcome)); });
  }

  void settle_outcome(Outcome<T> outcome) noexcept {
    operation_ = succeed();  // it ends on this thread, wherever the last reference goes
    if (!outcome) {
      settle(std::move(outcome).error(), true);
      return leave();
    }
    const bool kept = settle_with([&] {
      if constexpr (!std::is_void_v<T>) value_.emplace(*std::move(outcome));
      return !std::is_void_v<T>;  // whether there is something to keep
    });
    if (!kept || std::is_void_v<T>) return leave();
    house(*Reactor::current());
  }

  void cancel_operation() noexcept override { operation_.cancel(); }
  void detach_operation() noexcept override {
    if (!operation_.pending()) return;
    std::move(operation_).detach();
    leave();
  }
  void clear() noexcept override {
    operation_ = succeed();
    value_.reset();
  }

  struct Nothing {
    void reset() noexcept {}
  };
  Deferred<void> operation_ = succeed();
  std::conditional_t<std::is_void_v<T>, Nothing, std::optional<T>> value_;
};

}  // namespace torc::detail
