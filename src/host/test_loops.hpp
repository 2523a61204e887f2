// The loops of the tests, behind one face each: one that hosts a reactor, one that is driven by one.
#pragma once

#include <torc/reactor/reactor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace torc::testing {

/// A loop that hosts a reactor.
class HostLoop {
 public:
  virtual ~HostLoop() = default;
  virtual void attach(Reactor& reactor, std::move_only_function<void()> stopped = {}) = 0;
  virtual void detach() = 0;
  /// Calls `f` by a timer of this loop.
  virtual void after(Duration delay, std::function<void()> f) = 0;
  /// Runs this loop, asleep while it has nothing to do, until `done`; false when that took 20 s.
  virtual bool run_until(std::function<bool()> done) = 0;
  /// Whether the loop may be run by one of its own callbacks.
  virtual bool nests() const = 0;

  /// How often run_until() has gone round.
  int rounds = 0;
};

/// A loop that a reactor drives.
class GuestLoop {
 public:
  virtual ~GuestLoop() = default;
  virtual void attach(Reactor& reactor) = 0;
  virtual void detach() = 0;
  virtual void after(Duration delay, std::function<void()> f) = 0;
  /// Calls `f` while `fd` is readable (level-triggered), until it returns false.
  virtual void watch(int fd, std::function<bool()> f) = 0;
  /// Calls `f` on the loop's thread. From any thread, once in the life of the loop.
  virtual void call(std::function<void()> f) = 0;
};

/// Of what was built: "glib", "uv", "asio", "torc".
std::vector<std::string> host_loops();
std::unique_ptr<HostLoop> make_host_loop(const std::string& name);
std::vector<std::string> guest_loops();
std::unique_ptr<GuestLoop> make_guest_loop(const std::string& name);

}  // namespace torc::testing
