// LoopLag: how long the turns of a reactor's loop took, from waking up to going to sleep.
//
//   const auto lag = reactor.loop_lag();
//   log::info("app", "p99 of " + std::to_string(lag.count()) + " turns: " + std::to_string(lag.percentile(99).count()) + " ns");
//
// As long as a turn takes, nobody else is served: its length is what an arriving request waits for at worst.
// A value: copied out of the reactor, to be looked at on any thread.
#pragma once

#include <torc/base/time.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace torc {

class LoopLag {
 public:
  static constexpr std::size_t kBuckets = 32;

  /// Turns that have ended.
  std::uint64_t count() const noexcept { return count_; }
  /// The longest.
  Duration max() const noexcept { return max_; }
  /// A time that `percent` of the turns did not exceed: the upper end of a bucket, at most twice the true
  /// one. Zero when there was no turn.
  Duration percentile(double percent) const noexcept;
  /// How many turns took less than upper_end(i), and not less than upper_end(i - 1).
  std::span<const std::uint64_t, kBuckets> buckets() const noexcept { return buckets_; }
  /// 1 us, 2 us, 4 us, ...; the last bucket takes whatever is longer.
  static constexpr Duration upper_end(std::size_t bucket) noexcept {
    return std::chrono::microseconds(std::int64_t{1} << bucket);
  }

  void add(Duration turn) noexcept {
    const auto us = static_cast<std::uint64_t>(turn.count() > 0 ? turn.count() : 0) / 1000;
    const auto bucket = static_cast<std::size_t>(std::bit_width(us));
    ++buckets_[bucket < kBuckets ? bucket : kBuckets - 1];
    ++count_;
    if (turn > max_) max_ = turn;
  }

 private:
  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  Duration max_{};
};

}  // namespace torc
