// ThreadPool: a named, bounded set of threads for code that blocks.
//
// A job runs on one of the pool's threads; its result fires on the thread that asked. Dropping or
// cancelling the Deferred removes a job that still waits; one that runs finishes and its result dies on
// the reactor's thread. The pool owns the jobs. Destroying it fails those that wait with BrokenPromise.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/intrusive_list.hpp>
#include <torc/reactor/reactor.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace torc {

struct ThreadPoolOptions {
  /// Names the threads and the errors of the pool.
  std::string name = "pool";
  /// Threads at most; they start when needed and stay.
  std::size_t threads = 4;
  /// Jobs that may wait; more fail at once with QueueFull.
  std::size_t queue_limit = 1024;
  /// Whether destroying the pool waits for jobs that run; otherwise they end unheard.
  bool wait_for_running = true;
};

/// A bounded queue had no room.
class QueueFull : public Error {
 public:
  using Error::Error;
};

namespace detail {

class PoolQueue;

/// What travels between the threads: kept alive by the pool until run or removed.
class Job : public ListHook {
 public:
  virtual ~Job() = default;
  /// On a pool thread.
  virtual void work() noexcept = 0;
  /// On the reactor's thread: after work(), or without it when the pool has been destroyed.
  virtual void deliver() noexcept = 0;

  std::shared_ptr<ThreadDoor> home;
  bool queued = false;  // guarded by the pool's lock
};

/// Puts a job in the queue; null when it is full.
bool enqueue(PoolQueue& queue, std::unique_ptr<Job>& job);
/// Takes a waiting job back; false when it is running or done.
bool take_back(PoolQueue& queue, Job& job) noexcept;

template <class F>
class PoolOperation;

}  // namespace detail

class ThreadPool {
 public:
  explicit ThreadPool(ThreadPoolOptions options = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Runs `f()` on a thread of the pool; gives what it returns or throws. Asked for on a reactor.
  template <class F>
  auto defer(F f) -> Deferred<std::invoke_result_t<F&>>;

 private:
  std::shared_ptr<detail::PoolQueue> queue_;
};

namespace detail {

template <class F>
class PoolOperation final : public OperationOf<std::invoke_result_t<F&>>, public Pooled {
  using T = std::invoke_result_t<F&>;

 public:
  static Deferred<T> start(std::shared_ptr<PoolQueue> queue, F f) {
    auto job = std::make_unique<Work>(std::move(f));
    job->home = Reactor::required("ThreadPool::defer").thread_door();
    auto* work = job.get();
    std::unique_ptr<Job> base = std::move(job);
    if (!enqueue(*queue, base)) return fail<T>(QueueFull("the thread pool's queue is full"));
    auto* operation = new PoolOperation(std::move(queue), work);
    work->operation = operation;
    return Deferred<T>(operation);
  }

 private:
  struct Work final : Job {
    explicit Work(F f) : function(std::move(f)) {}
    void work() noexcept override {
      try {
        if constexpr (std::is_void_v<T>) {
          function();
          outcome.emplace();
        } else {
          outcome.emplace(function());
        }
      } catch (...) {
        outcome.emplace(Failure::current());
      }
    }
    void deliver() noexcept override {
      if (!operation) return;
      if (!outcome) outcome.emplace(Failure(BrokenPromise("the thread pool was destroyed before it ran this")));
      std::exchange(operation, nullptr)->finish(*std::move(outcome));
    }
    F function;
    std::optional<Outcome<T>> outcome;
    PoolOperation* operation = nullptr;  // touched on the reactor's thread only
  };

  PoolOperation(std::shared_ptr<PoolQueue> queue, Work* work) : queue_(std::move(queue)), work_(work) {}
  void finish(Outcome<T> outcome) noexcept {
    work_ = nullptr;
    this->fire(std::move(outcome));
  }
  void unregister() noexcept {
    if (!work_) return;
    work_->operation = nullptr;
    Work* work = std::exchange(work_, nullptr);
    if (take_back(*queue_, *work)) delete work;
  }
  void cancel_leaf() noexcept override {
    unregister();
    Operation::fire(Failure(Cancelled{}));
  }
  void abandon() noexcept override {
    unregister();
    delete this;
  }
  void discard() noexcept override { delete this; }

  std::shared_ptr<PoolQueue> queue_;
  Work* work_;
};

}  // namespace detail

template <class F>
auto ThreadPool::defer(F f) -> Deferred<std::invoke_result_t<F&>> {
  return detail::PoolOperation<F>::start(queue_, std::move(f));
}

}  // namespace torc
