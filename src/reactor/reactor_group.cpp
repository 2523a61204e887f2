#include <torc/reactor/reactor_group.hpp>

#include "reactor/quiet_thread.hpp"

#include <torc/base/errors.hpp>
#include <torc/reactor/threads.hpp>

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace torc {

namespace {

// The processors this process may use, by their numbers; never none.
std::vector<int> processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> found;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int each = 0; each < CPU_SETSIZE; ++each) {
      if (CPU_ISSET(each, &set)) found.push_back(each);
    }
  }
  // More than a cpu_set_t can name, or not told: nothing to pin to.
  if (found.empty()) found.resize(std::max(1u, std::thread::hardware_concurrency()), -1);
  return found;
}

void pin_to(int processor) {
  if (processor < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  if (const int code = ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set); code != 0) {
    throw SystemError("pinning a reactor's thread to processor " + std::to_string(processor), code);
  }
}

}  // namespace

class ReactorGroup::Threads {
 public:
  explicit Threads(std::size_t count) : members_(count) {}  // they do not move

  void start(const ReactorGroupOptions& options, const std::vector<int>& processors) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const int processor = options.pin ? processors[i % processors.size()] : -1;
      Member& member = members_[i];
      member.thread = detail::start_quiet_thread(options.name + '-' + std::to_string(i),
                                                 [&member, processor, options = options.reactor] { member.serve(options, processor); });
      member.there.acquire();
      if (member.failed) std::rethrow_exception(std::exchange(member.failed, nullptr));
    }
  }

  ~Threads() {
    stop_all();
    join();
  }

  std::size_t size() const noexcept { return members_.size(); }

  bool serving(std::size_t index) const noexcept { return members_[index].serving.load(std::memory_order_acquire); }

  const std::shared_ptr<detail::ThreadDoor>& door(std::size_t index) const noexcept { return members_[index].door; }

  std::optional<std::size_t> here() const noexcept {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (members_[i].id == std::this_thread::get_id()) return i;
    }
    return std::nullopt;
  }

  void stop(std::size_t index) noexcept {
    if (!door(index)) return;  // never got so far
    door(index)->call([] { Reactor::required("ReactorGroup::stop").stop(); });
  }

  void stop_all() noexcept {
    for (std::size_t i = 0; i < members_.size(); ++i) stop(i);
  }

  void join() noexcept {
    const std::lock_guard lock(joining_);
    for (Member& member : members_) {
      if (member.thread.joinable()) member.thread.join();
    }
  }

 private:
  // The reactor is made, run and destroyed on its thread. It is not kept when it has stopped: its door is closed, so
  // that who hands something over learns it, and what was on the way is destroyed.
  struct Member {
    void serve(const ReactorOptions& options, int processor) noexcept {
      std::optional<Reactor> reactor;
      try {
        pin_to(processor);
        reactor.emplace(options);
        id = std::this_thread::get_id();
        door = reactor->thread_door();
        serving.store(true, std::memory_order_release);
      } catch (...) {
        failed = std::current_exception();
      }
      const bool made = !failed;
      there.release();
      if (!made) return;
      try {
        reactor->run();
      } catch (...) {
        detail::report_unhandled(Failure::current(), "in a reactor of a group, which ends");
      }
      serving.store(false, std::memory_order_release);
    }

    std::thread thread;
    std::thread::id id;
    std::shared_ptr<detail::ThreadDoor> door;
    std::atomic<bool> serving = false;
    std::exception_ptr failed;
    std::binary_semaphore there{0};
  };

  std::vector<Member> members_;
  std::mutex joining_;
};

ReactorGroup::ReactorGroup(ReactorGroupOptions options) {
  const auto found = processors();
  threads_ = std::make_shared<Threads>(options.reactors ? options.reactors : found.size());
  threads_->start(options, found);
}

ReactorGroup::~ReactorGroup() {
  if (here()) {
    detail::misuse("a ReactorGroup was destroyed on one of its own threads: it would wait for itself");
  }
  threads_->stop_all();
  threads_->join();
}

std::size_t ReactorGroup::size() const noexcept { return threads_->size(); }
bool ReactorGroup::serving(std::size_t index) const noexcept { return threads_->serving(index); }
std::optional<std::size_t> ReactorGroup::here() const noexcept { return threads_->here(); }
void ReactorGroup::stop(std::size_t index) noexcept { threads_->stop(index); }
void ReactorGroup::stop() noexcept { threads_->stop_all(); }
const std::shared_ptr<detail::ThreadDoor>& ReactorGroup::door(std::size_t index) const noexcept {
  return threads_->door(index);
}

Deferred<void> ReactorGroup::close() {
  if (here()) detail::misuse("ReactorGroup::close() on one of the group's own threads: it would wait for itself");
  stop();
  return defer_to_thread([threads = threads_] { threads->join(); });
}

}  // namespace torc
