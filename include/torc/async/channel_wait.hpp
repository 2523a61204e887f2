// ChannelWait: a task that waits at a channel, known to its scheduler, so that a deadlock is found.
//
// When nothing is left that could wake anybody, no timer, descriptor, job, signal or other thread, those
// who still wait for a partner never get one: they fail with Deadlock (semantics, rule 35). Library code.
#pragma once

#include <torc/base/errors.hpp>
#include <torc/base/failure.hpp>
#include <torc/base/intrusive_list.hpp>

namespace torc {

/// Everybody waits for somebody else: nothing could ever end the wait.
class Deadlock : public Error {
 public:
  using Error::Error;
};

namespace detail {

class ChannelWait : public ListHook {
 public:
  ChannelWait() noexcept;
  /// Ends the wait with Deadlock.
  virtual void deadlocked() noexcept = 0;

 protected:
  ~ChannelWait() = default;
  void no_longer_waits() noexcept { unlink(); }
};

Failure channel_closed();
Failure channel_deadlock();

}  // namespace detail
}  // namespace torc
