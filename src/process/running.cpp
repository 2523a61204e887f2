#include "process/running.hpp"

#include "reactor/quiet_thread.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

namespace torc::process::detail {

namespace {

constexpr int kDiesWithinMs = 500;                               // after SIGKILL, before a thread waits for it instead
constexpr Duration kKilledWithin = std::chrono::seconds(5);
constexpr unsigned kToGroup = 1 << 2;                            // PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9

// Waits as long as it takes, where it holds up nothing.
void take_status_on_thread(UniqueFd pidfd) noexcept {
  try {
    torc::detail::start_quiet_thread("torc-reaper", [pidfd = std::move(pidfd)] {
      siginfo_t info;
      while (::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED) != 0 && errno == EINTR) {
      }
    }).detach();
  } catch (const std::exception& error) {
    log::warning("process", std::string("a process that ended will stay a zombie: ") + error.what());
  }
}

Deferred<void> end(std::unique_ptr<Running> process, Duration grace, Duration patience) {
  if (patience > Duration::zero() && co_await as_outcome(shield(patience, process->wait()))) co_return;
  process->signal(SIGTERM);
  if (co_await as_outcome(shield(grace, process->wait()))) co_return;
  process->signal(SIGKILL);
  static_cast<void>(co_await as_outcome(shield(kKilledWithin, process->wait())));
}

}  // namespace

Running::~Running() {
  leave_reactor();
  if (status_ || !pidfd_) return;
  if (!alone_) {
    signal(SIGKILL);
    pollfd ended{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    while (::poll(&ended, 1, kDiesWithinMs) < 0 && errno == EINTR) {
    }
    if (take_status()) return;
  }
  take_status_on_thread(std::move(pidfd_));
}

void Running::watch(Reactor& reactor) {
  reactor.watch(pidfd_.get(), *this);
  reactor_ = &reactor;
  reactor.house(*this);
}

void Running::leave_reactor() noexcept {
  if (reactor_) std::exchange(reactor_, nullptr)->unwatch(pidfd_.get(), *this);
  unlink();
}

Deferred<Status> Running::wait() {
  if (status_) return succeed(*status_);
  std::erase_if(waiters_, [](const auto& waiter) { return !waiter.wanted(); });
  auto [ended, promise] = make_deferred<Status>();
  waiters_.push_back(std::move(promise));
  return std::move(ended);
}

// A pidfd stands for the process, and its group, and never for a later one of the same number.
bool Running::signal(int number) noexcept {
  if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, group_ ? kToGroup : 0) == 0) return true;
  return group_ && errno == EINVAL && !status_ && ::kill(-pid_, number) == 0;
}

void Running::take_group_along() noexcept {
  ending_ = true;
  if (status_ && group_) signal(SIGKILL);
}

void Running::run_alone() noexcept {
  forget_waiters();
  alone_ = true;
  if (status_ || !reactor_) delete this;
}

// False: it has not ended.
bool Running::take_status() noexcept {
  siginfo_t info{};
  int result;
  while ((result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG | WNOWAIT)) != 0 && errno == EINTR) {
  }
  if (result == 0 && info.si_pid == 0) return false;
  if (ending_ && group_) signal(SIGKILL);  // while its number is still its own
  if (result == 0) result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
  if (result != 0) {
    status_ = Status::unknown();
  } else if (info.si_code == CLD_EXITED) {
    status_ = Status::exited(info.si_status);
  } else {
    status_ = Status::killed(info.si_status, info.si_code == CLD_DUMPED);
  }
  return true;
}

void Running::ready(torc::detail::Readiness) noexcept {
  if (!take_status()) return;
  const torc::detail::Firing firing;  // what waits may destroy us, afterwards
  leave_reactor();
  for (auto& waiter : std::exchange(waiters_, {})) waiter.set_value(*status_);
  if (alone_) delete this;
}

void Running::reactor_stopping() noexcept {
  const torc::detail::Firing firing;
  for (auto& waiter : std::exchange(waiters_, {})) {
    waiter.set_error(ReactorStopped("the reactor stopped before process " + std::to_string(pid_) + " ended"));
  }
}

void Running::reactor_gone() noexcept {
  reactor_ = nullptr;
  if (alone_) delete this;
}

Deferred<Status> stop(Running& process, Duration grace) {
  process.take_group_along();
  if (process.status()) co_return *process.status();
  process.signal(SIGTERM);
  auto ended = co_await as_outcome(with_timeout(grace, process.wait()));
  if (ended) co_return *ended;
  if (!ended.error().check<TimeoutError>()) co_return std::move(ended).error();
  process.signal(SIGKILL);
  co_return co_await process.wait();
}

void end_in_background(std::unique_ptr<Running> process, Duration grace, Duration patience) noexcept {
  process->forget_waiters();
  process->take_group_along();
  Reactor* reactor = process->reactor();
  if (process->status() || !reactor || !reactor->running()) return;
  const Reactor::Enter enter(reactor);  // the owner may go outside its dispatch
  end(std::move(process), grace, patience).detach();
}

}  // namespace torc::process::detail
