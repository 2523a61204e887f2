// Condition: waiting, under a Lock, until something about the guarded state may have changed.
//
//   auto guard = co_await lock_.acquire();
//   while (jobs_.empty()) guard = co_await changed_.wait(std::move(guard));
//
// wait() gives the lock up and gives it back; look again after it, as others may have run in between.
// The guard goes in and comes out by value, so one who was cancelled plainly does not hold the lock.
#pragma once

#include <torc/async/lock.hpp>

#include <cstddef>

namespace torc {

/// Destroying a Condition fails those who wait with BrokenPromise. Waits of several locks may meet in
/// one Condition.
class Condition final : public detail::Referenced {
 public:
  Condition() noexcept = default;
  ~Condition() { forget_references(); }

  /// Releases the lock that `guard` must hold, waits to be notified, then queues for the lock again and
  /// gives it back. One allocation for both waits.
  /// Cancellation: ends with Cancelled, without the lock, in either wait. A notify_one() that had reached
  /// a wait which is cancelled or dropped before it went on passes to the next.
  /// Errors: BrokenPromise when the lock is gone at the time of the notification, or goes afterwards.
  Deferred<Lock::Guard> wait(Lock::Guard guard);

  /// Lets the first who waits go on, as soon as it has the lock. Holding the lock is not required; nothing
  /// is remembered when nobody waits.
  void notify_one() noexcept;
  /// Lets all who wait now go on, one after the other as they get the lock.
  void notify_all() noexcept;

  /// How many wait to be notified.
  std::size_t waiting() const noexcept { return waiters_.size(); }

 private:
  class Waiter;
  void wake_next() noexcept;

  detail::WaitList<Lock::Guard> waiters_{"a Condition"};
};

}  // namespace torc
