// Event: something that has happened or not, and who waits for it.
//
//   torc::Event ready;
//   co_await ready.wait();                   // goes on when somebody has called ready.set()
//
// For a state that many may ask for and that may come and go; for one result, make_deferred is the
// tool.
#pragma once

#include <torc/async/wait_list.hpp>

#include <cstddef>

namespace torc {

/// Destroying an Event fails those who wait with BrokenPromise.
class Event final {
 public:
  Event() noexcept = default;

  /// It has happened: all who wait go on, in the order they came, before this returns or after the
  /// current firing. They go on even if clear() is called before they run.
  void set() noexcept;
  /// Who waits from now on, waits for the next set().
  void clear() noexcept { set_ = false; }
  bool is_set() const noexcept { return set_; }

  /// Fires when it has happened; at once, without allocating, when it has already.
  /// Cancellation: cancelling or dropping leaves the queue.
  Deferred<void> wait();
  /// How many wait.
  std::size_t waiting() const noexcept { return waiters_.size(); }

 private:
  detail::WaitList<void> waiters_{"an Event"};
  bool set_ = false;
};

}  // namespace torc
