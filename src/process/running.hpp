// Running: a process of ours until its status is taken.
//
//   running ──the pidfd turns readable──▶ ended, its status taken
//      └── destroyed ──SIGKILL──▶ its status taken here within a moment, or on a thread
//
// Whoever has the Running must see that the process ends; end_in_background() does that for who is going. A reactor that
// stops fails those who wait, not the process. One thread, and good without a reactor.
#pragma once

#include "process/launch.hpp"

#include <torc/async/promise.hpp>
#include <torc/process/status.hpp>
#include <torc/reactor/reactor.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace torc::process::detail {

class Running final : public torc::detail::Watch, public torc::detail::Resident {
 public:
  /// Takes `launched`, without its ends.
  explicit Running(Launched& launched) noexcept
      : pid_(launched.pid), pidfd_(std::move(launched.pidfd)), group_(launched.group) {}
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// Listens. Throws SystemError.
  void watch(Reactor& reactor);

  pid_t pid() const noexcept { return pid_; }
  const std::optional<Status>& status() const noexcept { return status_; }
  Reactor* reactor() const noexcept { return reactor_; }
  Deferred<Status> wait();
  /// Those who wait get no answer.
  void forget_waiters() noexcept { waiters_.clear(); }
  /// False when nobody is there.
  bool signal(int number) noexcept;
  /// What is left of its group is killed with it.
  void take_group_along() noexcept;
  /// Nobody has it from here on; it deletes itself.
  void run_alone() noexcept;

 private:
  void ready(torc::detail::Readiness readiness) noexcept override;
  void reactor_stopping() noexcept override;
  void reactor_gone() noexcept override;
  bool take_status() noexcept;
  void leave_reactor() noexcept;

  pid_t pid_;
  UniqueFd pidfd_;
  bool group_;
  bool ending_ = false;  // take_group_along()
  bool alone_ = false;
  Reactor* reactor_ = nullptr;
  std::optional<Status> status_;
  std::vector<Promise<Status>> waiters_;
};

/// SIGTERM, SIGKILL after `grace`, and the status.
Deferred<Status> stop(Running& process, Duration grace);
/// The same for a process whose owner is gone: after `patience`, in which it may end by itself, on the reactor while that
/// runs, else with SIGKILL at once.
void end_in_background(std::unique_ptr<Running> process, Duration grace, Duration patience = {}) noexcept;

}  // namespace torc::process::detail
