#include "reactor/stall_watch.hpp"

#include "reactor/quiet_thread.hpp"

#include <torc/base/log.hpp>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace torc::detail {

constinit std::atomic<bool> StallWatch::nobody_looks_{false};

namespace {

using Rep = Duration::rep;

constexpr Duration kAnswerLimit = std::chrono::milliseconds(200);
// Between two looks when the kernel cannot say that all processors see that nobody looks.
constexpr Duration kUnsureSleep = std::chrono::seconds(1);

Rep monotonic_now() noexcept {
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * Rep{1'000'000'000} + time.tv_nsec;
}

// What is said of one stall, but for the sample.
struct Stall {
  Duration so_far;
  pthread_t thread;
  std::string thread_name;
};

// The first call that is the program's own: what a reader looks for.
const Frame* culprit(const std::vector<Frame>& frames) noexcept {
  const auto own = [](const Frame& frame) {
    return !frame.machinery && frame.line != 0 && !frame.file.starts_with("/usr/") && !frame.function.starts_with("std::");
  };
  const auto found = std::ranges::find_if(frames, own);
  if (found != frames.end()) return &*found;
  const auto named = std::ranges::find_if(frames, [](const Frame& frame) { return !frame.machinery; });
  return named != frames.end() ? &*named : nullptr;
}

void report(const Stall& stall, const ThreadSample* sample) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(stall.so_far).count();
  std::string message = "the loop of thread \"" + stall.thread_name + "\" is blocked, for " + std::to_string(ms) + " ms so far, ";
  std::string detail;
  if (sample) {
    const Traceback stack(std::span<void* const>(sample->frames.data(), sample->count));
    const auto frames = stack.frames();
    const Frame* const frame = culprit(frames);
    message += "by " + (frame ? frame->text() : std::string("a function without a name")) + ", in " + sample->task.text();
    detail = stack.text();
  } else {
    message += "and its thread did not say by what: the signal is blocked there, or belongs to somebody else";
  }
  log::write({.level = LogLevel::kWarning, .component = "reactor", .message = message, .detail = detail});
}

}  // namespace

// One for the process, never destroyed: a program may exit while it runs.
class Watchdog {
 public:
  static Watchdog& instance() noexcept {
    static auto* const watchdog = new Watchdog;
    return *watchdog;
  }

  void add(StallWatch& loop) {
    const std::lock_guard alone(coming_and_going_);
    const std::lock_guard lock(mutex_);
    if (!running_) {
      ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
      ending_ = false;
      thread_ = start_quiet_thread("torc-watchdog", [this] { watch(); });
      running_ = true;
    }
    loops_.push_back(loop);
    look_again();
  }

  void remove(StallWatch& loop) noexcept {
    const std::lock_guard alone(coming_and_going_);
    {
      const std::lock_guard lock(mutex_);
      loop.unlink();
      if (!loops_.empty() || !running_) return;  // after a fork it does not run
      ending_ = true;
      look_again();
    }
    thread_.join();  // a report under way is written to its end
    const std::lock_guard lock(mutex_);
    running_ = false;
  }

  void wake() noexcept {
    {
      const std::lock_guard lock(mutex_);
      if (!StallWatch::nobody_looks_.exchange(false, std::memory_order_relaxed)) return;  // another loop did
    }
    wake_.notify_all();  // not below the lock: it would wake up to wait for us
  }

  bool running() noexcept {
    const std::lock_guard lock(mutex_);
    return running_;
  }

 private:
  Watchdog() {
    ::pthread_atfork(
        [] {
          instance().coming_and_going_.lock();
          instance().mutex_.lock();
        },
        [] { instance().unlock(); }, [] { instance().forked(); });
  }

  void unlock() noexcept {
    mutex_.unlock();
    coming_and_going_.unlock();
  }

  // The child has neither our thread nor the others. A loop that the fork came out of is not watched there.
  void forked() noexcept {
    while (loops_.pop_front()) {
    }
    running_ = false;
    StallWatch::nobody_looks_.store(false, std::memory_order_relaxed);
    new (&thread_) std::thread;  // the old one can be neither joined nor destroyed, nor can what it waits at
    new (&wake_) std::condition_variable;
    unlock();
  }

  void look_again() noexcept {
    StallWatch::nobody_looks_.store(false, std::memory_order_relaxed);
    wake_.notify_all();
  }

  // When to look next, or nothing when all loops have slept for long. A turn that is over its limit is put in
  // `found`.
  std::optional<Rep> look(std::optional<Stall>& found) noexcept {
    const Rep now = monotonic_now();
    std::optional<Rep> next;
    for (StallWatch* loop = loops_.front(); loop; loop = loops_.next(*loop)) {
      const Rep began = loop->turn_began_.load(std::memory_order_relaxed);
      const Rep limit = loop->limit_.count();
      Rep due = began + limit;
      if (began <= 0) {
        const bool long_ago = began == 0 || (now + began) / StallWatch::kLooksAfterATurn >= limit;
        if (long_ago) continue;
        due = now + limit;
      } else if (began == loop->reported_) {
        due = now + limit;
      } else if (due <= now) {
        if (found) {
          due = now;  // the next time round
        } else {
          loop->reported_ = began;
          found = Stall{.so_far = Duration(now - began), .thread = loop->thread_, .thread_name = {}};
          due = now + limit;
        }
      }
      next = std::min(next.value_or(due), due);
    }
    return next;
  }

  void watch() noexcept {
    std::unique_lock lock(mutex_);
    while (!ending_) {
      std::optional<Stall> found;
      std::optional<Rep> next = look(found);
      bool for_ever = false;
      if (!next) {
        StallWatch::nobody_looks_.store(true, std::memory_order_relaxed);
        // From here on each thread that begins a turn sees that, or we see its turn.
        const bool sure = ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
        next = look(found);
        for_ever = !next && sure;
        if (!next) next = monotonic_now() + kUnsureSleep.count();
      }
      if (found) {
        tell(*found, lock);
      } else if (for_ever) {
        wake_.wait(lock);
      } else {
        wake_.wait_until(lock, std::chrono::steady_clock::time_point(Duration(*next)));
      }
      StallWatch::nobody_looks_.store(false, std::memory_order_relaxed);
    }
  }

  void tell(Stall& stall, std::unique_lock<std::mutex>& lock) noexcept {
    char name[16] = "?";
    ::pthread_getname_np(stall.thread, name, sizeof name);  // it lives, until the lock is given up
    const bool asked = ask_for_sample(stall.thread);
    lock.unlock();
    try {
      stall.thread_name = name;
      const ThreadSample* const sample = asked ? wait_for_sample(kAnswerLimit) : nullptr;
      // Debug information is read once, for the first report of an error: no fault of the program's.
      if (!sample || !sample->reporting) report(stall, sample);
    } catch (...) {
      // Out of memory: the report is lost.
    }
    lock.lock();
  }

  std::mutex coming_and_going_;  // of loops; taken first
  std::mutex mutex_;
  std::condition_variable wake_;
  IntrusiveList<StallWatch> loops_;
  std::thread thread_;
  bool running_ = false;
  bool ending_ = false;
};

void StallWatch::begin() noexcept {
  if (limit_ <= Duration::zero()) return;
  thread_ = ::pthread_self();
  reported_ = 0;
  try {
    samples_.emplace();
    Watchdog::instance().add(*this);
    watched_ = true;
  } catch (...) {
    samples_.reset();
    log::warning("reactor", "no thread could be started that watches for loops that are blocked");
  }
}

void StallWatch::end() noexcept {
  turn_ended();
  if (!std::exchange(watched_, false)) return;
  Watchdog::instance().remove(*this);
  samples_.reset();
}

void StallWatch::wake_watchdog() noexcept { Watchdog::instance().wake(); }

bool StallWatch::has_thread() noexcept { return Watchdog::instance().running(); }

}  // namespace torc::detail
