// retry: tries again, with growing pauses, what may succeed later.
//
//   auto page = co_await retry({.attempts = 3}, [&] { return fetch(url); });
//
// A pause lasts `initial_delay`, `factor` times longer after each failure and at most `max_delay`; a
// random part of it, up to the fraction `jitter`, is left out, so that many clients do not return
// together. Time and chance are the current scheduler's. Cancelled is never retried.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/async/home.hpp>
#include <torc/async/scheduler.hpp>
#include <torc/async/timer_wheel.hpp>
#include <torc/base/errors.hpp>

#include <functional>
#include <string>
#include <utility>

namespace torc {

struct RetryOptions {
  int attempts = 5;  ///< calls of the function in all; at least one is made
  Duration initial_delay = std::chrono::milliseconds(100);
  double factor = 2;
  Duration max_delay = std::chrono::seconds(30);
  double jitter = 0.5;  ///< 0: exact pauses; 1: anything between none and the whole
  /// True for a failure that trying again cannot mend. Called after each failed attempt.
  std::move_only_function<bool(const Failure&)> give_up = nullptr;
};

namespace detail {

/// When to try again: the part of retry that knows no result type.
class Backoff {
 public:
  explicit Backoff(RetryOptions options) noexcept;

  /// Counts a failed attempt; true when there shall be another. If not, `failure` is the end, with a
  /// note when attempts ran out. A give_up that throws ends it with what it threw.
  bool again(Failure& failure) noexcept;
  /// How long to wait before it.
  Duration pause(Scheduler& scheduler) noexcept;

 private:
  RetryOptions options_;
  int made_ = 0;
  double next_;  // nanoseconds
};

std::string stopped_while_retrying();

/// Waits for an attempt or, with the timer armed, for the time of the next one.
template <class T, class F>
class Retry final : public OperationOf<T>, public Timer, public Pooled {
 public:
  Retry(Backoff backoff, F f, Scheduler& scheduler)
      : scheduler_(scheduler), backoff_(std::move(backoff)), function_(std::move(f)) {}

  /// The first attempt is under way, or has failed and shall be followed by another.
  void begin(Deferred<T> first) noexcept {
    if (first.pending()) {
      wait(std::move(first));
    } else {
      sleep_after(std::move(first.take()).error());
    }
  }

  static Deferred<T> attempt(F& f) noexcept {
    try {
      return std::invoke(f);
    } catch (...) {
      return fail<T>(Failure::current());
    }
  }

 private:
  void wait(Deferred<T> attempt) noexcept {
    waited_ = attempt.release_operation();
    this->wait_for(&waited_);
    if (this->cancel_requested()) Operation::request_cancel(waited_);
  }
  void sleep_after(Failure failure) noexcept {
    last_ = std::move(failure);
    scheduler_.arm(*this, scheduler_.after(backoff_.pause(scheduler_)));
  }

  void inner_fired(Operation& inner) noexcept override {
    this->wait_for_nothing();
    waited_ = nullptr;
    auto& operation = static_cast<OperationOf<T>&>(inner);
    Outcome<T> outcome = operation.take();
    operation.discard();
    ended(std::move(outcome));
  }

  void ended(Outcome<T> outcome) noexcept {
    if (outcome) return this->fire(std::move(outcome));
    Failure failure = std::move(outcome).error();
    const Home home(*this);
    this->enter();
    const bool again = backoff_.again(failure);  // asks the user's give_up
    if (!this->leave()) return;
    if (!again) return this->fire(std::move(failure));
    sleep_after(std::move(failure));
    if (this->cancel_requested()) cancel_leaf();
  }

  void expire() noexcept override {
    const Firing firing;
    const Home home(*this);
    last_ = {};
    this->enter();
    Deferred<T> next = attempt(function_);
    if (!this->leave()) return;
    if (next.pending()) return wait(std::move(next));
    ended(next.take());
  }
  void stopped() noexcept override { this->fire(Failure(ReactorStopped(stopped_while_retrying()))); }

  void cancel_leaf() noexcept override {
    if (!armed()) return;  // the function is running: what it returns will be cancelled
    disarm();
    Failure end{Cancelled{}};
    if (last_) end.suppress(last_.take());
    this->fire(std::move(end));
  }
  void discard() noexcept override { delete this; }
  void abandon() noexcept override { delete this; }

  Scheduler& scheduler_;
  Backoff backoff_;
  F function_;
  Operation* waited_ = nullptr;
  FailureSlot last_;  // while pausing: why
};

}  // namespace detail

/// The result of `f()`, a Deferred, called again after a failure or a throw as the options say; the
/// first call is made at once. Fails with the last failure. Cancelling it cancels the attempt or the
/// pause; then it ends with Cancelled, to which the failure that led to the pause is attached.
/// Dropping it drops the attempt. `f` may destroy what owns the retry.
template <class F>
auto retry(RetryOptions options, F f) -> std::invoke_result_t<F&> {
  using Result = std::invoke_result_t<F&>;
  using T = typename Result::value_type;
  using Retry = detail::Retry<T, F>;
  detail::Backoff backoff(std::move(options));
  Result first = Retry::attempt(f);
  if (first.fired()) {
    Outcome<T> outcome = first.take();
    if (outcome || !backoff.again(outcome.error())) return Result(std::move(outcome));
    first = Result(std::move(outcome));
  }
  auto* operation = new Retry(std::move(backoff), std::move(f), Scheduler::required("retry"));
  operation->begin(std::move(first));
  return Result(operation);
}

}  // namespace torc
