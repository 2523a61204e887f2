// A reactor by capability: what code asks for that needs only one.
//
//   void report_to(torc::FromThreads& home);    // is called home from other threads, and needs nothing else
//
// Clock (time), Scheduler (a later turn, a background) and SystemEvents (triggers) are others; the network's are in
// torc/net/interfaces.hpp. Reactor is all of these. It is final, so that calls on a Reactor are direct.
#pragma once

#include <functional>

namespace torc {

class ThreadPool;

namespace detail {
class Watch;
}

class FromThreads {
 public:
  /// Calls `f` on the thread of this object, in order of the calls. From any thread, at any time.
  virtual void call_from_thread(std::move_only_function<void()> f) = 0;

 protected:
  ~FromThreads() = default;
};

class Threads {
 public:
  /// Where blocking code runs. Results come home to the scheduler that is current when a job is given.
  virtual ThreadPool& thread_pool() = 0;

 protected:
  ~Threads() = default;
};

class DescriptorSet {
 public:
  /// Watches `fd` for reading until unwatch(), and for writing if `watch` awaits that now. Throws SystemError.
  virtual void watch(int fd, detail::Watch& watch) = 0;
  /// For writing as well, from now on: when a write has blocked. Some kinds of sockets are writable again after each
  /// send, which who never waits for it need not be woken by.
  virtual void watch_writing(int fd, detail::Watch& watch) noexcept = 0;
  virtual void unwatch(int fd, detail::Watch& watch) noexcept = 0;

 protected:
  ~DescriptorSet() = default;
};

}  // namespace torc
