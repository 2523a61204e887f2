// Acceptor: how connections come to a port, and what happens when they cannot.
//
// They are accepted when the listening socket is ready, or by completion where the kernel offers that (io_uring) and the
// port takes as many as come: one that counts its connections leaves those who must wait in the system's backlog. Owned
// by the port, on its reactor's thread; the socket outlives it.
#pragma once

#include <torc/async/timer_wheel.hpp>
#include <torc/base/log.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/reactor/reactor.hpp>

#include <memory>
#include <string>

namespace torc {

class Acceptor : protected detail::Timer {
 public:
  class Owner {
   public:
    /// A connection, non-blocking. False: the acceptor was destroyed.
    virtual bool accepted(UniqueFd connection) noexcept = 0;
    /// Whether one more is wanted. If not, go_on() is called when it is.
    virtual bool has_place() const noexcept = 0;

   protected:
    ~Owner() = default;
  };

  /// Accepts on `fd` from now on; `counted`: has_place() may be false. `address` is for the log. Throws SystemError.
  static std::unique_ptr<Acceptor> make(Reactor& reactor, int fd, std::string address, Owner& owner, bool counted);
  virtual ~Acceptor() = default;

  /// There is a place again.
  virtual void go_on() noexcept = 0;
  /// A descriptor is free again: somebody may wait for it.
  void descriptor_free() noexcept;
  /// Ends it; those who were accepted and not told of are told of now.
  virtual void finish() noexcept {}

 protected:
  Acceptor(Reactor& reactor, int fd, std::string address, Owner& owner);
  /// Accepting failed for want of descriptors or memory: go_on() comes after a while.
  void out_of_resources(int code) noexcept;
  bool backing_off() const noexcept { return armed(); }

  Reactor& reactor_;
  const int fd_;
  Owner& owner_;

 private:
  void expire() noexcept override { go_on(); }

  const std::string address_;
  UniqueFd spare_;
  log::RateLimit complaints_;
};

}  // namespace torc
