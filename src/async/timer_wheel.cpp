#include <torc/async/timer_wheel.hpp>

#include <algorithm>
#include <bit>

namespace torc::detail {

namespace {

constexpr std::int64_t kTick = 1'000'000;  // nanoseconds
constexpr std::int64_t kFarthest = (std::int64_t{1} << 42) - 1;

}  // namespace

std::int64_t TimerWheel::tick_at_or_after(Instant moment) noexcept {
  const auto ns = moment.time_since_epoch().count();
  return ns / kTick + (ns % kTick > 0);
}

void TimerWheel::arm(Timer& timer, Instant due, Instant now) noexcept {
  timer.due_ = due;
  if (due <= now) {
    due_.push_back(timer);
  } else if (due == Instant::max()) [[unlikely]] {
    never_.push_back(timer);
  } else {
    place(timer);
  }
}

void TimerWheel::place(Timer& timer) noexcept {
  auto tick = tick_at_or_after(timer.due_);
  if (tick <= elapsed_) {
    due_.push_back(timer);
    return;
  }
  // Beyond 139 years the timer is looked at again when the wheel gets there.
  tick = std::min(tick, elapsed_ | kFarthest);
  const auto differing = static_cast<std::uint64_t>(tick ^ elapsed_) | (kSlots - 1);
  const unsigned level = (63u - static_cast<unsigned>(std::countl_zero(differing))) / kDigitBits;
  const unsigned slot = static_cast<unsigned>(tick >> (level * kDigitBits)) & (kSlots - 1);
  slots_[level][slot].push_back(timer);
  occupied_[level] |= std::uint64_t{1} << slot;
  levels_ |= 1u << level;
}

std::optional<TimerWheel::Next> TimerWheel::next_slot() noexcept {
  for (unsigned levels = levels_; levels != 0; levels &= levels - 1) {
    const auto level = static_cast<unsigned>(std::countr_zero(levels));
    const unsigned shift = level * kDigitBits;
    const unsigned digit = static_cast<unsigned>(elapsed_ >> shift) & (kSlots - 1);
    std::uint64_t& occupied = occupied_[level];
    // Slots at or before the current digit are empty: their timers have been handed down or out.
    occupied &= digit == kSlots - 1 ? 0 : ~std::uint64_t{0} << (digit + 1);
    for (; occupied != 0; occupied &= occupied - 1) {
      const auto slot = static_cast<unsigned>(std::countr_zero(occupied));
      if (slots_[level][slot].empty()) continue;
      const std::int64_t above = elapsed_ >> (shift + kDigitBits) << (shift + kDigitBits);
      return Next{level, slot, above + (static_cast<std::int64_t>(slot) << shift)};
    }
    levels_ &= ~(1u << level);
  }
  return std::nullopt;
}

void TimerWheel::advance(Instant now) noexcept {
  // Round down: a timer rounded up to a tick must not run before that tick is over.
  const std::int64_t target = now.time_since_epoch().count() / kTick;
  Slot running;
  while (const auto next = next_slot()) {
    if (next->tick > target) break;
    elapsed_ = next->tick;
    occupied_[next->level] &= ~(std::uint64_t{1} << next->slot);
    Slot reached;
    reached.take(slots_[next->level][next->slot]);
    if (next->level == 0) {
      running.take(reached);
      continue;
    }
    while (Timer* timer = reached.pop_front()) {
      if (tick_at_or_after(timer->due_) == elapsed_) {
        running.push_back(*timer);
      } else {
        place(*timer);
      }
    }
  }
  elapsed_ = std::max(elapsed_, target);
  running.take(due_);  // set to be due at once, so behind those that were due before
  while (Timer* timer = running.pop_front()) timer->expire();
}

void TimerWheel::take_all(IntrusiveList<Timer>& stopping) noexcept {
  stopping.take(due_);
  stopping.take(never_);
  for (auto& level : slots_) {
    for (auto& slot : level) stopping.take(slot);
  }
}

void TimerWheel::drop_all() noexcept {
  Slot left;
  take_all(left);
  while (Timer* timer = left.pop_front()) timer->wheel_gone();
}

void TimerWheel::stop(IntrusiveList<Timer>& stopping) noexcept {
  while (Timer* timer = stopping.pop_front()) timer->stopped();
}

std::optional<Instant> TimerWheel::next_due() noexcept {
  if (!due_.empty()) return due_.front()->due_;
  const auto next = next_slot();
  if (!next) return std::nullopt;
  return Instant(Duration(next->tick * kTick));
}

}  // namespace torc::detail
