// Clock: what code needs that wants to know the time or be called at one.
//
// Implemented by the reactor and by testing::Clock: ask for a Clock& and the same code runs on real and on
// virtual time. DelayedCall is the handle of one future call.
#pragma once

#include <torc/async/timer_wheel.hpp>
#include <torc/base/time.hpp>

#include <functional>
#include <memory>

namespace torc {

/// A call that will be made at a time. Owns it: dropping the handle cancels the call.
/// Copies of nothing; belongs to the thread of the clock that made it.
class [[nodiscard]] DelayedCall {
 public:
  DelayedCall() noexcept = default;
  DelayedCall(DelayedCall&&) noexcept;
  DelayedCall& operator=(DelayedCall&&) noexcept;
  ~DelayedCall();

  /// True until the call is made or cancelled. False during the call itself.
  bool active() const noexcept;
  /// When the call is due; only while active.
  Instant due() const noexcept;
  /// Cancels; does nothing when the call was made already.
  void cancel() noexcept;
  /// Makes the call due `delay` from now instead. Returns false when it was made already.
  bool reset(Duration delay) noexcept;
  /// Adds `extra` (which may be negative) to the time left. Returns false when it was made already.
  bool delay(Duration extra) noexcept;
  /// Lets the call happen without a handle.
  void detach() noexcept;

 private:
  friend class Clock;
  struct Call;
  struct End {
    void operator()(Call* call) const noexcept;
  };
  explicit DelayedCall(Call* call) noexcept : call_(call) {}
  std::unique_ptr<Call, End> call_;
};

class Clock {
 public:
  /// The current moment. On a reactor: of this turn of the loop, so one clock read serves a turn.
  virtual Instant now() const noexcept = 0;
  /// The moment itself, also late in a turn. On virtual time the same as now().
  virtual Instant exact_now() const noexcept { return now(); }
  /// The calendar time.
  virtual WallTime wall_now() const noexcept = 0;

  /// Calls `f` once, `delay` from now (0: in the next turn). An exception from `f` is logged.
  DelayedCall call_later(Duration delay, std::move_only_function<void()> f) { return call_at(after(delay), std::move(f)); }
  /// Calls `f` once, at `when` or as soon as possible after it.
  DelayedCall call_at(Instant when, std::move_only_function<void()> f);

  /// The moment `delay` from now; the end of time when that is beyond it, so that Duration::max() means
  /// "no limit".
  Instant after(Duration delay) const noexcept {
    const Instant moment = now();
    return delay > Instant::max() - moment ? Instant::max() : moment + delay;
  }

  /// Sets or moves a timer that lives in its owner. For library code; users have call_later and sleep.
  virtual void arm(detail::Timer& timer, Instant due) noexcept = 0;

 protected:
  ~Clock() = default;
};

}  // namespace torc
