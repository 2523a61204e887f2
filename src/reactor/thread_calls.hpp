// ThreadCalls: a reactor's ThreadDoor: a locked list of calls, and an eventfd that wakes the loop.
//
// The eventfd is written to only when the loop sleeps or is about to. The loop says doze() before it goes
// to sleep and wake() when it is up again; one that never says wake() is taken to sleep always, which
// costs a system call for the first call of each batch and is right for a loop that others turn.
#pragma once

#include "reactor/light_lock.hpp"
#include "reactor/poller.hpp"

#include <torc/base/unique_fd.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/reactor/thread_door.hpp>

#include <atomic>
#include <functional>
#include <vector>

namespace torc::detail {

class ThreadCalls final : public Watch, public ThreadDoor {
 public:
  ThreadCalls();

  // From any thread.

  bool call(std::move_only_function<void()>&& f) override;
  /// As call(), for what a thread may wait for in a way of its own: false from refuse_requests() on.
  bool request(std::move_only_function<void()>&& f);
  bool call_waited(OutsideWait& wait, std::move_only_function<void()>&& f) override;
  void forget(OutsideWait& wait) noexcept override;

  // On the reactor's thread.

  int fd() const noexcept { return wake_.get(); }
  /// Whether calls are there to be made.
  bool waiting() const noexcept { return waiting_.load(std::memory_order_acquire); }
  /// Makes the calls that are there now.
  void run_all() noexcept;
  /// Before sleeping: calls from now on wake the loop. False when there is one already.
  bool doze() noexcept;
  /// After sleeping: the loop looks for calls by itself.
  void wake() noexcept { asleep_.store(false, std::memory_order_relaxed); }
  /// The reactor runs: threads may wait for it (again).
  void accept_waits() noexcept;
  /// The reactor stops: tells all who wait, and refuses others until accept_waits().
  void end_waits() noexcept;
  /// The reactor goes and will wait for its threads: what was not called is destroyed, so that none of them waits
  /// for that.
  void refuse_requests() noexcept;
  /// The reactor is gone. What was not called is destroyed here.
  void close() noexcept;

 private:
  void ready(Readiness) noexcept override;
  Readiness awaited() const noexcept override { return {.readable = true}; }
  bool add(OutsideWait* wait, bool request, std::move_only_function<void()>&& f);

  UniqueFd wake_;
  std::atomic<bool> waiting_ = false;
  std::atomic<bool> asleep_ = true;
  LightLock mutex_;
  bool loop_told_ = false;  // that there are calls; never when closed
  bool closed_ = false;
  bool refuses_waits_ = false;
  bool refuses_requests_ = false;
  IntrusiveList<OutsideWait> waits_;
  std::vector<std::move_only_function<void()>> calls_;
  std::vector<std::move_only_function<void()>> running_;  // keeps its memory between turns
};

}  // namespace torc::detail
