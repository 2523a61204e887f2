// StallWatch: a reactor's entry at the watchdog, which says who holds the loop for too long.
//
// While the loop runs it says when each turn began and when it goes to sleep: one relaxed store each. The
// watchdog, one thread for the whole process, looks in when a turn that began by then would be over the
// limit. It runs while a reactor with a limit does. To be woken costs the loop that does it more than some
// looks cost the watchdog, so it goes on looking once every limit, kLooksAfterATurn times after the last
// turn; when all loops have slept for so long it sleeps without a timer, and the first to wake up wakes it.
// A turn over the limit is reported once, at once, while it lasts: what the thread is doing is found out in
// that thread (thread_sample.hpp), looked up and written by the watchdog.
#pragma once

#include "reactor/thread_sample.hpp"

#include <torc/base/intrusive_list.hpp>
#include <torc/base/time.hpp>

#include <pthread.h>

#include <atomic>
#include <optional>

namespace torc::detail {

class StallWatch : public ListHook {
 public:
  /// `limit` zero: nobody looks.
  explicit StallWatch(Duration limit) noexcept : limit_(limit) {}
  ~StallWatch() { end(); }

  /// The loop begins to run on this thread, and stops to.
  void begin() noexcept;
  void end() noexcept;

  /// A turn begins.
  void turn_began(Instant now) noexcept {
    turn_began_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    // In this order; the watchdog sees to it that no processor has another view of the two.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (nobody_looks_.load(std::memory_order_relaxed) && watched_) [[unlikely]] wake_watchdog();
  }
  /// The loop sleeps, or others run it later. When its last turn began stays to be seen.
  void turn_ended() noexcept {
    const Duration::rep began = turn_began_.load(std::memory_order_relaxed);
    if (began > 0) turn_began_.store(-began, std::memory_order_relaxed);
  }

  /// Whether the watchdog's thread exists now.
  static bool has_thread() noexcept;

 private:
  friend class Watchdog;
  static constexpr int kLooksAfterATurn = 20;
  /// The watchdog sleeps, without a timer. Of the process.
  static std::atomic<bool> nobody_looks_;
  static void wake_watchdog() noexcept;

  const Duration limit_;
  // The clock, negated while the loop sleeps; 0 before its first turn.
  std::atomic<Duration::rep> turn_began_{0};
  Duration::rep reported_ = 0;  // the turn that was; the watchdog's
  pthread_t thread_{};
  bool watched_ = false;  // the loop's
  std::optional<SamplesAllowed> samples_;
};

}  // namespace torc::detail
