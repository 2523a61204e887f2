// Lock: one at a time, across waits.
//
//   auto guard = co_await lock_.acquire();
//   co_await rewrite(file);                  // nobody else is in here meanwhile
//
// For coroutines and callbacks of one thread that must not interleave at their waits; it blocks nothing
// and is no mutex. Code that does not wait needs no lock. A coroutine that acquires what it holds
// already waits for itself: not detected.
//
// First come, first served. A release hands the lock to the first who waits: it is never free in
// between, so nobody barges in.
#pragma once

#include <torc/async/wait_list.hpp>

#include <cstddef>
#include <optional>

namespace torc {

/// Destroying a Lock fails those who wait with BrokenPromise; a guard left over holds nothing.
class Lock final : public detail::Referenced {
 public:
  /// Holds the lock while it lives; release() gives it up earlier.
  using Guard = detail::Held<Lock>;

  Lock() noexcept = default;

  /// Gives the lock when it is this caller's turn; at once, without allocating, when it is free.
  /// Cancellation: cancelling or dropping leaves the queue. A guard that was handed over but not taken
  /// goes to the next.
  Deferred<Guard> acquire();
  /// The lock, if it is free now.
  std::optional<Guard> try_acquire() noexcept;

  bool locked() const noexcept { return locked_; }
  /// How many wait for it.
  std::size_t waiting() const noexcept { return waiters_.size(); }

 private:
  friend Guard;
  friend class Condition;
  /// Gives the lock to `waiter` in its turn.
  void queue(detail::ListedWaiter<Guard>& waiter) noexcept;
  void released() noexcept;

  detail::WaitList<Guard> waiters_{"a Lock"};
  bool locked_ = false;
};

}  // namespace torc
