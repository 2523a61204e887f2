// The jobs of a ThreadPool and the operations that wait for them. Users meet ThreadPool::defer.
//
// A Job travels: made on the reactor's thread, held by the pool's queue, worked on by a pool thread, sent
// home through the reactor's door, and destroyed there. The PoolOperation stays on the reactor's thread;
// job and operation know each other until one of them ends, and both links are touched on that thread
// only. The lock of the queue decides who owns a job that is being taken back.
#pragma once

#include <torc/async/context.hpp>
#include <torc/async/deferred.hpp>
#include <torc/async/tasks.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/intrusive_list.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/reactor/thread_door.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace torc::detail {

class PoolQueue;

/// What travels between the threads.
class Job : public ListHook {
 public:
  virtual ~Job() = default;
  /// On a pool thread.
  virtual void work() noexcept = 0;
  /// On the reactor's thread: after work(), or without it when the pool has been destroyed.
  virtual void deliver() noexcept = 0;

  std::shared_ptr<ThreadDoor> home;
  Context context;  // of whoever asked; current while it is worked on
  // For the pool, under its lock.
  std::atomic<bool> queued = false;  // read without it, too
  std::chrono::steady_clock::time_point since{};
};

/// Puts a job in the queue, or gives the reason why not.
FailureSlot enqueue(PoolQueue& queue, std::unique_ptr<Job>& job) noexcept;
/// Takes a waiting job back; false when it is running or done.
bool take_back(PoolQueue& queue, Job& job) noexcept;
/// "a job of pool \"disk\"", as long as the queue lives.
const char* kind_of_job(const PoolQueue& queue) noexcept;

/// Whether a job wants to know when to stop.
template <class F>
concept StoppableJob = std::invocable<F&, std::stop_token>;

template <class F>
struct JobReturns {
  using type = std::invoke_result_t<F&>;
};
template <StoppableJob F>
struct JobReturns<F> {
  using type = std::invoke_result_t<F&, std::stop_token>;
};

/// What the Deferred of a job gives: an Outcome<U> gives U.
template <class F>
using JobResult = typename ResultOf<typename JobReturns<F>::type>::type;

struct NoStop {};

template <class F>
class PoolOperation final : public OperationOf<JobResult<F>>, public Resident, private Root, public Pooled {
  using T = JobResult<F>;
  using R = typename JobReturns<F>::type;
  static_assert(!std::same_as<R, Deferred<T>>, "a job blocks its thread until it has its result: it cannot give a Deferred");

 public:
  static Deferred<T> start(std::shared_ptr<PoolQueue> queue, F f, const std::source_location& where) {
    Reactor& reactor = Reactor::required("running a job on a thread pool");
    auto work = std::make_unique<Work>(std::move(f));
    work->home = reactor.thread_door();
    work->context = Context::current();
    auto* operation = new PoolOperation(queue, work.get(), where);
    work->operation = operation;
    std::unique_ptr<Job> job = std::move(work);
    if (FailureSlot refused = enqueue(*queue, job)) {
      delete operation;
      return fail<T>(refused.take());
    }
    reactor.house(*operation);
    return Deferred<T>(operation);
  }

  WaitSite site() const noexcept override {
    return {work_ && work_->queued ? "a free thread" : "its end on a thread"};
  }

 private:
  struct Work final : Job {
    explicit Work(F f) : function(std::move(f)) {}
    void work() noexcept override {
      const ContextScope scope(context);
      try {
        if constexpr (std::is_void_v<R>) {
          call();
          outcome.emplace();
        } else {
          outcome.emplace(call());
        }
      } catch (...) {
        outcome.emplace(Failure::current());
      }
    }
    R call() {
      if constexpr (StoppableJob<F>) {
        return std::invoke(function, stop.get_token());
      } else {
        return std::invoke(function);
      }
    }
    void deliver() noexcept override {
      if (!operation) return;
      if (!outcome) outcome.emplace(Failure(BrokenPromise("the thread pool was destroyed before it ran this")));
      std::exchange(operation, nullptr)->finish(*std::move(outcome));
    }

    F function;
    [[no_unique_address]] std::conditional_t<StoppableJob<F>, std::stop_source, NoStop> stop;
    std::optional<Outcome<T>> outcome;
    PoolOperation* operation = nullptr;  // touched on the reactor's thread only
  };

  PoolOperation(std::shared_ptr<PoolQueue> queue, Work* work, const std::source_location& where)
      : Root(kind_of_job(*queue), this, where), queue_(std::move(queue)), work_(work) {}
  void unlink() noexcept {
    Resident::unlink();
    Root::unlink();
  }
  void finish(Outcome<T> outcome) noexcept {
    work_ = nullptr;
    unlink();
    this->fire(std::move(outcome));
  }
  // Nobody waits any more.
  void unregister() noexcept {
    unlink();
    Work* work = std::exchange(work_, nullptr);
    if (!work) return;
    work->operation = nullptr;
    if (take_back(*queue_, *work)) {
      delete work;
    } else if constexpr (StoppableJob<F>) {
      work->stop.request_stop();
    }
  }
  void reactor_stopping() noexcept override {
    if (!work_) return;
    unregister();
    Operation::fire(Failure(ReactorStopped("the reactor stopped before the job on a thread was done")));
  }
  void reactor_gone() noexcept override { unregister(); }
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

}  // namespace torc::detail
