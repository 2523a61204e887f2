// Barrier: nobody goes on before all have come.
//
//   torc::Barrier everyone(3);
//   if (co_await everyone.wait() == 0) start_next_phase();
//
// Used in rounds: when all have come, it is closed again for the next ones.
#pragma once

#include <torc/async/wait_list.hpp>

#include <cstddef>

namespace torc {

/// Destroying a Barrier fails those who wait with BrokenPromise.
class Barrier final {
 public:
  /// Opens for `parties` at a time; at least 1.
  explicit Barrier(std::size_t parties) noexcept;

  /// Fires when `parties` wait, and gives this one's place among them: 0 came first. The last to come does
  /// not wait and allocates nothing; the others run before this returns, or after the current firing.
  /// Cancellation: one that is cancelled or dropped has not come; another may take its place.
  Deferred<std::size_t> wait();

  std::size_t parties() const noexcept { return parties_; }
  /// How many have come in this round.
  std::size_t waiting() const noexcept { return waiters_.size(); }

 private:
  detail::WaitList<std::size_t> waiters_{"a Barrier"};
  std::size_t parties_;
};

}  // namespace torc
