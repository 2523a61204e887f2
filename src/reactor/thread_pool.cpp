#include <torc/reactor/thread_pool.hpp>

#include "reactor/quiet_thread.hpp"
#include "reactor/thread_census.hpp"

#include <torc/async/scheduler.hpp>
#include <torc/base/log.hpp>

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace torc {
namespace detail {

namespace {

constexpr Duration kPatience = std::chrono::seconds(3);

}  // namespace

// The queue and its threads. Threads share it with the pool and with pending operations.
class PoolQueue : public std::enable_shared_from_this<PoolQueue> {
 public:
  explicit PoolQueue(ThreadPoolOptions options) : options_(std::move(options)) {
    options_.max = std::max<std::size_t>({options_.max, options_.min, 1});
    // A wait that cannot be expressed as a moment would be over at once.
    options_.idle_timeout = std::clamp<Duration>(options_.idle_timeout, Duration::zero(), std::chrono::hours(24 * 365));
  }

  FailureSlot add(std::unique_ptr<Job>& job) {
    Threads ended;  // joined without the lock; they have nothing left to do
    const std::lock_guard lock(mutex_);
    ended.threads.swap(ended_);
    if (waiting_ >= options_.queue_limit) {
      ++refused_;
      return Failure(QueueFull("the queue of the thread pool \"" + options_.name + "\" is full: " +
                               std::to_string(waiting_) + " jobs wait"));
    }
    if (idle_ <= waiting_ && threads_.size() < options_.max) start_thread();
    ++waiting_;
    ++pool_jobs;
    job->queued = true;
    job->since = std::chrono::steady_clock::now();
    jobs_.push_back(*job.release());
    wake_.notify_one();
    return {};
  }

  bool take_back(Job& job) noexcept {
    const std::lock_guard lock(mutex_);
    if (!job.queued) return false;
    job.queued = false;
    job.unlink();
    --waiting_;
    --pool_jobs;
    return true;
  }

  void end() {
    IntrusiveList<Job> left;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& thread : threads_) {
        if (thread.get_id() != std::this_thread::get_id()) continue;
        misuse("the thread pool \"" + options_.name + "\" was destroyed by a job that runs on it: it would wait for itself");
      }
      ending_ = true;
      left.take(jobs_);
      waiting_ = 0;
      for (Job* job = left.front(); job; job = left.next(*job)) job->queued = false;
    }
    wake_.notify_all();
    if (options_.wait_for_running && Scheduler::current()) warn_of_long_wait();
    // From here on no thread touches the lists.
    for (auto& thread : threads_) options_.wait_for_running ? thread.join() : thread.detach();
    for (auto& thread : ended_) thread.join();
    while (Job* job = left.pop_front()) {
      send_home(job);
      --pool_jobs;
    }
  }

  const char* kind_of_job() const noexcept { return kind_of_job_.c_str(); }

  ThreadPoolMetrics metrics() {
    const std::lock_guard lock(mutex_);
    return {.threads = threads_.size(), .idle = idle_, .running = running_, .queued = waiting_, .done = done_,
            .refused = refused_, .longest_wait = longest_wait_};
  }

 private:
  // A job that waits for the thread that destroys the pool never ends: nobody can tell, so say so.
  void warn_of_long_wait() {
    std::unique_lock lock(mutex_);
    if (all_done_.wait_for(lock, kPatience, [this] { return running_ == 0; })) return;
    const std::string jobs = std::to_string(running_);
    lock.unlock();
    log::warning("reactor", "the thread pool \"" + options_.name + "\" is being destroyed and waits for " + jobs +
                                " jobs that run; if one waits for this reactor's thread, as by a std::future, it "
                                "waits for ever: destroy the pool when its jobs have ended");
  }

  struct Threads {
    ~Threads() {
      for (auto& thread : threads) thread.join();
    }
    std::list<std::thread> threads;
  };

  void start_thread() {
    threads_.emplace_back();
    const auto place = std::prev(threads_.end());
    try {
      *place = start_quiet_thread(options_.name, [self = shared_from_this(), place] { self->serve(place); });
    } catch (const std::system_error&) {
      threads_.erase(place);
      if (threads_.empty()) throw;  // else those there are must do
    }
  }

  // Back to the reactor, where the job dies even when nobody wants its result any more.
  static void send_home(Job* job) {
    const auto home = job->home;
    home->call([job = std::unique_ptr<Job>(job)]() mutable {
      job->deliver();
      job.reset();  // now, not with the last of the calls that arrived together
    });
  }

  void serve(std::list<std::thread>::iterator self) {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      ++idle_pool_threads;
      const auto called = [this] { return ending_ || !jobs_.empty(); };
      for (;;) {
        if (threads_.size() <= options_.min) {
          wake_.wait(lock, called);
          break;
        }
        if (wake_.wait_for(lock, options_.idle_timeout, called)) break;
        if (threads_.size() <= options_.min) continue;
        --idle_;
        --idle_pool_threads;
        ended_.splice(ended_.end(), threads_, self);
        return;
      }
      --idle_;
      --idle_pool_threads;
      if (ending_) return;
      Job* job = jobs_.pop_front();
      job->queued = false;
      --waiting_;
      ++running_;
      longest_wait_ = std::max<Duration>(longest_wait_, std::chrono::steady_clock::now() - job->since);
      lock.unlock();
      job->work();
      lock.lock();
      // Counted before the result can be seen.
      --running_;
      ++done_;
      if (ending_ && running_ == 0) all_done_.notify_all();
      lock.unlock();
      send_home(job);
      --pool_jobs;
      lock.lock();
    }
  }

  ThreadPoolOptions options_;
  const std::string kind_of_job_ = "a job of pool \"" + options_.name + "\"";
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable all_done_;
  IntrusiveList<Job> jobs_;
  std::size_t waiting_ = 0;
  std::size_t idle_ = 0;
  std::size_t running_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t refused_ = 0;
  Duration longest_wait_{};
  bool ending_ = false;
  std::list<std::thread> threads_;
  std::list<std::thread> ended_;  // after idling; to be joined
};

FailureSlot enqueue(PoolQueue& queue, std::unique_ptr<Job>& job) noexcept {
  try {
    return queue.add(job);
  } catch (...) {
    return Failure::current();  // no memory, or no thread
  }
}
bool take_back(PoolQueue& queue, Job& job) noexcept { return queue.take_back(job); }
const char* kind_of_job(const PoolQueue& queue) noexcept { return queue.kind_of_job(); }

}  // namespace detail

ThreadPool::ThreadPool(ThreadPoolOptions options) : queue_(std::make_shared<detail::PoolQueue>(std::move(options))) {}
ThreadPool::~ThreadPool() { queue_->end(); }
ThreadPoolMetrics ThreadPool::metrics() const { return queue_->metrics(); }

}  // namespace torc
