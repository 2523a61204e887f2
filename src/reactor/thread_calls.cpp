#include "reactor/thread_calls.hpp"

#include <torc/async/context.hpp>
#include <torc/async/current.hpp>
#include <torc/async/operation.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/failure.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <mutex>
#include <utility>

namespace torc::detail {

void keep_context(std::move_only_function<void()>& f) {
  if (!current.task && !current.context) [[likely]] return;
  Context context = Context::current();
  if (context.empty()) return;
  f = [context = std::move(context), f = std::move(f)]() mutable {
    const ContextScope scope(context);
    f();
  };
}

ThreadCalls::ThreadCalls() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw SystemError("creating an eventfd", errno);
}

// All but the first of a batch come through here and no further: the loop has been told.
bool ThreadCalls::call(std::move_only_function<void()>&& f) {
  {
    const std::lock_guard lock(mutex_);
    if (loop_told_) [[likely]] {
      calls_.push_back(std::move(f));
      return true;
    }
  }
  return add(nullptr, false, std::move(f));
}

bool ThreadCalls::request(std::move_only_function<void()>&& f) {
  {
    const std::lock_guard lock(mutex_);
    if (loop_told_ && !refuses_requests_) [[likely]] {
      calls_.push_back(std::move(f));
      return true;
    }
  }
  return add(nullptr, true, std::move(f));
}

bool ThreadCalls::call_waited(OutsideWait& wait, std::move_only_function<void()>&& f) {
  return add(&wait, false, std::move(f));
}

bool ThreadCalls::add(OutsideWait* wait, bool request, std::move_only_function<void()>&& f) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || (wait && refuses_waits_) || (request && refuses_requests_)) return false;
    calls_.push_back(std::move(f));
    if (wait) waits_.push_back(*wait);
    if (std::exchange(loop_told_, true)) return true;
  }
  // Either we see here that the loop dozes, or doze() sees there that a call waits: both orders are total.
  waiting_.store(true, std::memory_order_seq_cst);
  if (asleep_.load(std::memory_order_seq_cst)) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  }
  return true;
}

void ThreadCalls::forget(OutsideWait& wait) noexcept {
  const std::lock_guard lock(mutex_);
  wait.unlink();
}

bool ThreadCalls::doze() noexcept {
  asleep_.store(true, std::memory_order_seq_cst);
  return !waiting_.load(std::memory_order_seq_cst);
}

void ThreadCalls::run_all() noexcept {
  {
    const std::lock_guard lock(mutex_);
    waiting_.store(false, std::memory_order_relaxed);
    running_.swap(calls_);
    loop_told_ = false;
  }
  for (auto& call : running_) {
    current.budget = Scheduler::kBudget;
    try {
      call();
    } catch (...) {
      report_unhandled(Failure::current(), "in a call from another thread");
    }
  }
  running_.clear();
}

void ThreadCalls::accept_waits() noexcept {
  const std::lock_guard lock(mutex_);
  refuses_waits_ = false;
}

void ThreadCalls::end_waits() noexcept {
  std::vector<std::shared_ptr<OutsideWait>> told;
  {
    const std::lock_guard lock(mutex_);
    refuses_waits_ = true;
    while (OutsideWait* wait = waits_.pop_front()) {
      if (auto alive = wait->weak_from_this().lock()) told.push_back(std::move(alive));
    }
  }
  for (const auto& wait : told) wait->reactor_stopped();
}

void ThreadCalls::refuse_requests() noexcept {
  std::vector<std::move_only_function<void()>> left;  // destroyed without the lock: may call in here
  const std::lock_guard lock(mutex_);
  refuses_requests_ = true;
  loop_told_ = false;
  left.swap(calls_);
}

void ThreadCalls::close() noexcept {
  std::vector<std::move_only_function<void()>> left;  // destroyed without the lock: may call in here
  const std::lock_guard lock(mutex_);
  closed_ = true;
  loop_told_ = false;
  left.swap(calls_);
}

void ThreadCalls::ready(Readiness) noexcept {
  std::uint64_t count;
  [[maybe_unused]] const auto bytes = ::read(wake_.get(), &count, sizeof count);
}

}  // namespace torc::detail
