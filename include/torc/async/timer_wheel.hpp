// Timer and TimerWheel: many time limits, each set, moved and cancelled in a few nanoseconds.
//
// A Timer lives inside whatever it times (a connection, a sleep). The wheel keeps it in one of
// 7 x 64 slots by the highest digit (base 64) in which its tick differs from the current one, and
// hands it down a level each time that digit is reached: insertion, removal and restart are O(1),
// memory is fixed. Shared by the reactor and the test clock. One thread.
//
// Rules (semantics 31): ticks are 1 ms, rounded up, so a timer is never early; timers of one tick run
// first in, first out; one that is due when it is set waits for no tick; a timer set while timers are
// being run waits for the next run.
#pragma once

#include <torc/base/intrusive_list.hpp>
#include <torc/base/time.hpp>

#include <cstdint>
#include <optional>

namespace torc::detail {

/// Something that happens at a time. Destroying it cancels it.
class Timer : public ListHook {
 public:
  bool armed() const noexcept { return linked(); }
  void disarm() noexcept { unlink(); }
  Instant due() const noexcept { return due_; }

 protected:
  ~Timer() = default;

 private:
  friend class TimerWheel;
  virtual void expire() noexcept = 0;
  /// The wheel's owner stops for good: the time will not come.
  virtual void stopped() noexcept {}
  /// The wheel's owner is destroyed: what owns itself ends. Calls nobody.
  virtual void wheel_gone() noexcept {}

  Instant due_{};
};

class TimerWheel {
 public:
  explicit TimerWheel(Instant start) noexcept : elapsed_(tick_at_or_after(start)) {}

  /// Sets or moves `timer`; behind others of the same tick. `now`: a timer that is due by then is run by the
  /// next advance(). One due at Instant::max() is never run, only told when the wheel stops.
  void arm(Timer& timer, Instant due, Instant now) noexcept;

  /// Runs what is due at `now`, in order of tick, then of arming.
  void advance(Instant now) noexcept;

  /// Moves every timer to `stopping`, for stop(). Those set from then on are not meant.
  void take_all(IntrusiveList<Timer>& stopping) noexcept;
  /// Disarms the timers that are left in `stopping`, telling each that its time will not come.
  static void stop(IntrusiveList<Timer>& stopping) noexcept;
  /// Disarms every timer, ending those that own themselves; for the destructor of the wheel's owner.
  void drop_all() noexcept;

  /// No timer is due before this moment; at it there may be one. None when no timer will ever be due.
  std::optional<Instant> next_due() noexcept;

 private:
  static constexpr unsigned kDigitBits = 6, kSlots = 1u << kDigitBits, kLevels = 7;
  using Slot = IntrusiveList<Timer>;

  static std::int64_t tick_at_or_after(Instant moment) noexcept;
  void place(Timer& timer) noexcept;
  // The first occupied slot at or after the current tick: its level, index and first tick.
  struct Next {
    unsigned level, slot;
    std::int64_t tick;
  };
  std::optional<Next> next_slot() noexcept;

  std::int64_t elapsed_;               // every tick up to here has been handed out
  std::uint64_t occupied_[kLevels]{};  // a bit a slot; may be set for an emptied slot
  unsigned levels_ = 0;                // a bit a level; may be set for an emptied level
  Slot slots_[kLevels][kSlots];
  Slot due_;    // was due when it was set
  Slot never_;  // due at the end of time
};

}  // namespace torc::detail
