// ThreadPool: a named, bounded set of threads for code that blocks.
//
//   torc::ThreadPool disk{{.name = "disk", .max = 2}};
//   auto text = co_await disk.defer([path] { return read_all(path); });
//
// A job runs on one of the pool's threads; its result fires on the thread that asked. The pool owns the
// jobs. Dropping or cancelling the Deferred removes a job that still waits; one that runs goes on to its
// end, and its result dies on the reactor's thread. A job that takes a std::stop_token is asked to stop
// then. When the reactor stops, jobs it has asked for fail with ReactorStopped and end the same way.
// Destroying the pool fails jobs that wait with BrokenPromise.
//
// Several reactors may share a pool. Its threads get no signals. The default pool of a reactor is used
// with defer_to_thread (torc/reactor/threads.hpp).
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/time.hpp>
#include <torc/reactor/pool_job.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>

namespace torc {

struct ThreadPoolOptions {
  /// Names the threads, and the pool in errors.
  std::string name = "pool";
  /// Threads that stay when there is nothing to do. They start when they are first needed, as all do.
  std::size_t min = 0;
  /// Threads at most; one at least.
  std::size_t max = 4;
  /// How long a thread above `min` waits for a job before it ends.
  Duration idle_timeout = std::chrono::seconds(30);
  /// Jobs that may wait; more fail at once with QueueFull.
  std::size_t queue_limit = 1024;
  /// Whether destroying the pool waits for jobs that run; otherwise they end unheard.
  bool wait_for_running = true;
};

/// What a pool is doing at a moment, and has done since it was made.
struct ThreadPoolMetrics {
  std::size_t threads = 0;
  std::size_t idle = 0;     // of these, without a job
  std::size_t running = 0;  // jobs on a thread
  std::size_t queued = 0;   // jobs that wait for one
  std::uint64_t done = 0;     // jobs that ran to their end
  std::uint64_t refused = 0;  // jobs that failed with QueueFull
  Duration longest_wait{};    // of a job that was begun, in the queue
};

/// A bounded queue had no room.
class QueueFull : public Error {
 public:
  using Error::Error;
};

class ThreadPool {
 public:
  explicit ThreadPool(ThreadPoolOptions options = {});
  /// Fails the jobs that wait, and waits for those that run unless told not to: none of them may wait for this
  /// thread, as by a std::future of something that fires here. Their results are still
  /// delivered. Not on a thread of the pool.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Runs `f()`, or `f(std::stop_token)` if it takes one, on a thread of the pool; gives what it returns
  /// or throws. Asked for on a reactor's thread, where `f` is also destroyed. The token is asked to stop
  /// when the Deferred is dropped or cancelled or the reactor stops; callbacks on it run on the
  /// reactor's thread.
  template <class F>
  auto defer(F f, std::source_location where = std::source_location::current()) -> Deferred<detail::JobResult<F>> {
    return detail::PoolOperation<F>::start(queue_, std::move(f), where);
  }

  /// From any thread.
  ThreadPoolMetrics metrics() const;

 private:
  std::shared_ptr<detail::PoolQueue> queue_;
};

}  // namespace torc
