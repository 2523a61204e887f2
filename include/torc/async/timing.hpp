// sleep, with_timeout and shield: waiting for time, and bounding a wait by it.
#pragma once

#include <torc/async/clock.hpp>
#include <torc/async/scheduler.hpp>
#include <torc/async/wrapper.hpp>
#include <torc/base/errors.hpp>

#include <string>

namespace torc {

/// Fires after `duration` (0: in the next turn) on the current scheduler's clock.
Deferred<void> sleep(Duration duration);

/// Never gives a value: ends when it is cancelled, or with ReactorStopped when the scheduler that is current now
/// stops. The last line of a server's main.
Deferred<void> until_cancelled();

namespace detail {

/// The message of a TimeoutError: "timed out after 5 s".
std::string timed_out_after(Duration limit);

template <class T>
class WithTimeout final : public Wrapper<T>, public Timer {
 public:
  /// A shield is a time limit that does not pass on cancel requests from outside.
  WithTimeout(Duration limit, Operation* operation, Scheduler& scheduler, bool shield)
      : Wrapper<T>(operation), limit_(limit) {
    this->shields_ = shield;
    scheduler.arm(*this, scheduler.after(limit));
  }
  WaitSite site() const noexcept override { return {this->shields_ ? "shield" : "with_timeout"}; }

 private:
  Outcome<T> ended(Outcome<T> outcome) noexcept override {
    disarm();
    // A value that still arrives wins; only our own cancelling becomes a TimeoutError.
    if (timed_out_ && !outcome && outcome.error().template check<Cancelled>()) {
      return Failure(TimeoutError(timed_out_after(limit_)));
    }
    if (stopped_ && !outcome && outcome.error().template check<Cancelled>()) {
      return Failure(ReactorStopped("the reactor stopped during a wait"));
    }
    return outcome;
  }
  void expire() noexcept override {
    timed_out_ = !this->cancel_requested();
    Operation::request_cancel(this->wrapped());
  }
  // No limit would hold from here: what is bounded by one ends now.
  void stopped() noexcept override {
    stopped_ = !this->cancel_requested();
    Operation::request_cancel(this->wrapped());
  }

  Duration limit_;
  bool timed_out_ = false;
  bool stopped_ = false;
};

}  // namespace detail

/// `result`, or TimeoutError when it does not come within `limit`: it is then cancelled, and the
/// timeout is delivered when it has ended. A value that arrives meanwhile wins.
template <class T>
Deferred<T> with_timeout(Duration limit, Deferred<T> result) {
  if (!result.pending()) return result;
  return Deferred<T>(
      new detail::WithTimeout<T>(limit, result.release_operation(), Scheduler::required("with_timeout"), false));
}

/// Clean-up that waits: `result` goes on although whoever waits for it was cancelled, for at most
/// `limit`; then it is cancelled itself and this fails with TimeoutError. Dropping it still drops it.
template <class T>
Deferred<T> shield(Duration limit, Deferred<T> result) {
  if (!result.pending()) return result;
  return Deferred<T>(
      new detail::WithTimeout<T>(limit, result.release_operation(), Scheduler::required("shield"), true));
}

}  // namespace torc
