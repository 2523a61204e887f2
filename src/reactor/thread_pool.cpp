#include <torc/reactor/thread_pool.hpp>

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace torc {
namespace detail {

// The queue and its threads. Threads share it with the pool and with pending operations.
class PoolQueue : public std::enable_shared_from_this<PoolQueue> {
 public:
  explicit PoolQueue(ThreadPoolOptions options) : options_(std::move(options)) {
    options_.threads = std::max<std::size_t>(options_.threads, 1);
  }

  bool add(std::unique_ptr<Job>& job) {
    const std::lock_guard lock(mutex_);
    if (waiting_ >= options_.queue_limit) return false;
    if (idle_ <= waiting_ && threads_.size() < options_.threads) {
      try {
        threads_.emplace_back([self = shared_from_this()] { self->serve(); });
      } catch (const std::system_error&) {
        if (threads_.empty()) throw;  // else those there are must do
      }
    }
    ++waiting_;
    job->queued = true;
    jobs_.push_back(*job.release());
    wake_.notify_one();
    return true;
  }

  bool take_back(Job& job) noexcept {
    const std::lock_guard lock(mutex_);
    if (!job.queued) return false;
    job.queued = false;
    job.unlink();
    --waiting_;
    return true;
  }

  void end() {
    IntrusiveList<Job> left;
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      left.take(jobs_);
      for (Job* job = left.front(); job; job = left.next(*job)) job->queued = false;
    }
    wake_.notify_all();
    for (auto& thread : threads_) options_.wait_for_running ? thread.join() : thread.detach();
    while (Job* job = left.pop_front()) send_home(job);
  }

 private:
  // Back to the reactor, where the job dies even when nobody wants its result any more.
  static void send_home(Job* job) {
    const auto home = job->home;
    home->call([job = std::unique_ptr<Job>(job)] { job->deliver(); });
  }

  void serve() {
    ::pthread_setname_np(::pthread_self(), options_.name.substr(0, 15).c_str());
    // Signals are for the threads that ask for them.
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      wake_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
      --idle_;
      if (ending_) return;
      Job* job = jobs_.pop_front();
      job->queued = false;
      --waiting_;
      lock.unlock();
      job->work();
      send_home(job);
      lock.lock();
    }
  }

  ThreadPoolOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  IntrusiveList<Job> jobs_;
  std::size_t waiting_ = 0;
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

bool enqueue(PoolQueue& queue, std::unique_ptr<Job>& job) { return queue.add(job); }
bool take_back(PoolQueue& queue, Job& job) noexcept { return queue.take_back(job); }

}  // namespace detail

ThreadPool::ThreadPool(ThreadPoolOptions options) : queue_(std::make_shared<detail::PoolQueue>(std::move(options))) {}
ThreadPool::~ThreadPool() { queue_->end(); }

}  // namespace torc
