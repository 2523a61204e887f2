// Poller: how a reactor asks the kernel what is ready.
//
// The seam between the loop and epoll (and what comes beside it). Registration is edge-triggered and
// made once per descriptor, for both directions. One thread.
#pragma once

#include <torc/reactor/reactor.hpp>

#include <memory>

namespace torc::detail {

class Poller {
 public:
  virtual ~Poller() = default;
  virtual void add(int fd, Watch& watch) = 0;
  /// After this the watch is not told anything more, not even of what has already been collected.
  virtual void remove(int fd, Watch& watch) noexcept = 0;
  /// Sleeps until something is ready or `limit` has passed (negative: for ever).
  virtual void wait(Duration limit) noexcept = 0;
  /// Calls the watches of what wait() found.
  virtual void dispatch() noexcept = 0;
  /// A descriptor that is readable when wait() would not sleep; for a hosted reactor.
  virtual int fd() const noexcept = 0;
};

std::unique_ptr<Poller> make_epoll_poller();

}  // namespace torc::detail
