// LoopingCall: a function called again and again.
//
//   torc::LoopingCall refresh{fetch_rates};
//   refresh.start(30s);
//   co_await refresh.stopped();
//
// Calls are due at multiples of the interval after start(), so the rhythm does not drift. A function
// that returns a Deferred<void> is waited for: calls never overlap, and ticks that pass meanwhile are
// skipped, not queued up. A function that takes a count is told how many ticks a call stands for, 1 when
// none was skipped. Time is that of the scheduler current at start(). One thread.
#pragma once

#include <torc/async/clock.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/scheduler.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

namespace torc {

/// Owns its calls: destroying it stops the timer and drops a call that is under way.
class LoopingCall {
 public:
  /// `f()` or `f(std::uint64_t count)`, giving nothing or a Deferred<void>.
  template <class F>
    requires(std::invocable<F&> || std::invocable<F&, std::uint64_t>)
  explicit LoopingCall(F f) : LoopingCall(std::make_shared<Function>(wrap(std::move(f)))) {}
  ~LoopingCall();
  LoopingCall(const LoopingCall&) = delete;
  LoopingCall& operator=(const LoopingCall&) = delete;

  /// Begins: with a call at once (before this returns) or after the first interval. An interval of 0
  /// calls once a turn. Starting a running one, or a negative interval, is a programming error.
  void start(Duration interval, bool now = true);
  /// Makes no further call. One that is under way goes on, and stopped() waits for it.
  void stop() noexcept;
  /// Begins the rhythm anew: the next call is an interval from now. Ignored while a call is under way.
  void reset() noexcept;
  bool running() const noexcept { return running_; }
  /// That of the last start().
  Duration interval() const noexcept { return interval_; }

  /// Fires when the loop has stopped, also when it is not running; fails with what a call failed with.
  /// A failure nobody waits for is logged, except that the reactor stopped. Either way the loop can be started again.
  Deferred<void> stopped();

 private:
  using Function = std::move_only_function<Deferred<void>(std::uint64_t)>;
  class Tick;

  explicit LoopingCall(std::shared_ptr<Function> function);

  template <class F>
  static Function wrap(F f) {
    return [f = std::move(f)](std::uint64_t count) mutable -> Deferred<void> {
      const auto call = [&] {
        if constexpr (std::invocable<F&, std::uint64_t>) {
          return f(count);
        } else {
          return f();
        }
      };
      if constexpr (std::is_void_v<decltype(call())>) {
        call();
        return succeed();
      } else {
        return call();
      }
    };
  }

  void call();
  void schedule() noexcept;
  void ended(Outcome<void> outcome);
  void tell(Outcome<void> outcome);
  void tell_unheard() noexcept;
  /// Whole intervals from the start to `moment`.
  std::int64_t ticks(Instant moment) const noexcept;

  std::shared_ptr<Function> function_;  // shared with a call that destroys us
  Scheduler* scheduler_ = nullptr;
  Duration interval_{};
  Instant started_;
  std::int64_t counted_ = 0;  // ticks that calls have stood for
  std::unique_ptr<Tick> tick_;
  Deferred<void> current_ = succeed();
  std::vector<Promise<void>> waiters_;
  FailureSlot unheard_;  // of a first call inside start()
  bool* gone_ = nullptr;
  bool* starting_ = nullptr;
  bool running_ = false;
  bool calling_ = false;
};

}  // namespace torc
