// Poller: how a reactor asks the kernel what is ready.
//
// The seam between the loop and epoll, io_uring, poll or kqueue. Registration is edge-triggered and made
// once per descriptor, or twice when writing comes to be waited for later; a poller that knows levels only
// asks the watches which edges they wait for (Watch::awaited). One thread turns the loop at a time, between enter() and leave().
#pragma once

#include <torc/reactor/backend.hpp>
#include <torc/reactor/reactor.hpp>

#include <memory>
#include <optional>

namespace torc::detail {

class CompletionIo;

class Poller {
 public:
  virtual ~Poller() = default;
  virtual Backend backend() const noexcept = 0;

  /// This thread turns the loop from now on, until leave(). Throws SystemError.
  virtual void enter() {}
  /// As enter(), when another loop turns this one: gives a descriptor that stays readable while wait()
  /// would not sleep. Throws Error where there is none.
  virtual int enter_hosted() = 0;
  virtual void leave() noexcept {}

  /// Throws SystemError.
  virtual void add(int fd, Watch& watch) = 0;
  /// What was added for reading only is told when it can be written, too; at once if it can be now. Nothing to do
  /// for who looks at both all the time.
  virtual void add_writing(int, Watch&) noexcept {}
  /// After this the watch is not told anything more, not even of what has already been collected.
  virtual void remove(int fd, Watch& watch) noexcept = 0;
  /// Sleeps until something is ready or `limit` has passed (negative: for ever). Whether there is something
  /// to dispatch.
  virtual bool wait(Duration limit) noexcept = 0;
  /// Calls the watches of what wait() found.
  virtual void dispatch() noexcept = 0;
  /// When hosted: what was asked for since wait() reaches the kernel now.
  virtual void flush() noexcept {}
  /// Input and output by completion; null where the kernel tells readiness only.
  virtual CompletionIo* completion() noexcept { return nullptr; }
};

std::unique_ptr<Poller> make_epoll_poller();
std::unique_ptr<Poller> make_poll_poller();
/// These throw Error where the system has no such thing, or does not let us use it.
std::unique_ptr<Poller> make_uring_poller();
std::unique_ptr<Poller> make_kqueue_poller();

/// The chosen one, else the one TORC_BACKEND names. epoll, with one line in the log, where that cannot be.
std::unique_ptr<Poller> make_poller(std::optional<Backend> chosen);

/// For calls that count milliseconds in an int: rounded up, -1 for ever. A timer beyond 24 days is looked at
/// again on the way.
int milliseconds_up(Duration limit) noexcept;
/// Throws the SystemError epoll would: EBADF for no descriptor, EPERM for a file, which is always ready.
void check_watchable(int fd);

}  // namespace torc::detail
