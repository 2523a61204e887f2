// Semaphore: at most so many at a time.
//
//   torc::Semaphore slots(8);
//   auto permit = co_await slots.acquire();  // the ninth waits
//
// Bounds how many operations of one thread do something at once: requests to one host, open files.
// First come, first served; a permit that is given back goes to the first who waits, never past it.
#pragma once

#include <torc/async/wait_list.hpp>

#include <cstddef>
#include <optional>

namespace torc {

/// Destroying a Semaphore fails those who wait with BrokenPromise; permits left over hold nothing.
class Semaphore final : public detail::Referenced {
 public:
  /// Keeps its place while it lives; release() gives it up earlier.
  using Permit = detail::Held<Semaphore>;

  /// `permits` must be at least 1: permits come from here only, so with none nobody would ever go on.
  explicit Semaphore(std::size_t permits) noexcept;

  /// Gives a permit when it is this caller's turn; at once, without allocating, when one is free.
  /// Cancellation: cancelling or dropping leaves the queue. A permit that was handed over but not taken
  /// goes to the next.
  Deferred<Permit> acquire();
  /// A permit, if one is free now.
  std::optional<Permit> try_acquire() noexcept;

  /// Permits that are free.
  std::size_t available() const noexcept { return available_; }
  /// How many wait for one.
  std::size_t waiting() const noexcept { return waiters_.size(); }

 private:
  friend Permit;
  void released() noexcept;

  detail::WaitList<Permit> waiters_{"a Semaphore"};
  std::size_t available_;
};

}  // namespace torc
