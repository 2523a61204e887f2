#include "process/child_side.hpp"

#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

// A sanitizer's bookkeeping is the parent's.
#define TORC_CHILD __attribute__((no_sanitize("address", "thread", "undefined"))) static

namespace torc::process::detail {

namespace {

constexpr long kSignals = 64;
constexpr long kSignalSetSize = 8;

TORC_CHILD bool is_target(const Plan& plan, int fd) noexcept {
  for (std::size_t i = 0; i < plan.files.size(); ++i) {
    if (plan.files.data()[i].target == fd) return true;
  }
  return false;
}

// Gives every descriptor its number; a source that stands where another is to go steps aside first.
TORC_CHILD bool move_files(const Plan& plan) noexcept {
  FileMove* const files = plan.files.data();
  const std::size_t count = plan.files.size();
  const int beyond = count > 0 ? files[count - 1].target + 1 : 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (files[i].source == files[i].target || !is_target(plan, files[i].source)) continue;
    const long aside = ::syscall(SYS_fcntl, files[i].source, F_DUPFD_CLOEXEC, beyond);
    if (aside < 0) return false;
    files[i].source = static_cast<int>(aside);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const long moved = files[i].source == files[i].target
                           ? ::syscall(SYS_fcntl, files[i].target, F_SETFD, 0)
                           : ::syscall(SYS_dup3, files[i].source, files[i].target, 0);
    if (moved < 0) return false;
  }
  return true;
}

TORC_CHILD bool close_others(const Plan& plan) noexcept {
  unsigned next = 0;
  for (std::size_t i = 0; i < plan.files.size(); ++i) {
    const auto kept = static_cast<unsigned>(plan.files.data()[i].target);
    if (kept > next && ::syscall(SYS_close_range, next, kept - 1, 0) < 0) return false;
    next = kept + 1;
  }
  return ::syscall(SYS_close_range, next, ~0U, 0) == 0;
}

// Groups, user last: after it nothing else may be changed. The C library's functions would do so to all threads.
TORC_CHILD bool take_identity(const Plan& plan) noexcept {
  return ::syscall(SYS_setgroups, plan.groups.size(), plan.groups.data()) == 0 &&
         ::syscall(SYS_setresgid, plan.group_id, plan.group_id, plan.group_id) == 0 &&
         ::syscall(SYS_setresuid, plan.user, plan.user, plan.user) == 0;
}

// Our handlers must not run here, what we ignore is not ignored there, and nothing is blocked.
TORC_CHILD void reset_signals() noexcept {
  const unsigned long standard[4] = {};  // the kernel's struct sigaction
  for (long signal = 1; signal <= kSignals; ++signal) {
    ::syscall(SYS_rt_sigaction, signal, standard, nullptr, kSignalSetSize);
  }
  const unsigned long none = 0;
  ::syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK of the kernel */, &none, nullptr, kSignalSetSize);
}

// Gives the step that failed, with errno; does not come back otherwise.
TORC_CHILD Step prepare_and_run(const Plan& plan) noexcept {
  if (plan.session ? ::syscall(SYS_setsid) < 0 : plan.group && ::syscall(SYS_setpgid, 0, 0) < 0) return Step::kSession;
  if (!move_files(plan)) return Step::kFiles;
  if (plan.terminal >= 0 && ::syscall(SYS_ioctl, plan.terminal, TIOCSCTTY, 0) < 0) return Step::kTerminal;
  if (!close_others(plan)) return Step::kFiles;
  if (plan.change_identity && !take_identity(plan)) return Step::kIdentity;
  if (plan.directory && ::syscall(SYS_chdir, plan.directory) < 0) return Step::kDirectory;
  reset_signals();
  ::syscall(SYS_execve, plan.program, plan.arguments, plan.environment);
  return Step::kProgram;
}

}  // namespace

__attribute__((no_sanitize("address", "thread", "undefined"))) int child_side(void* argument) noexcept {
  const Plan& plan = *static_cast<const Plan*>(argument);
  plan.report->step = prepare_and_run(plan);
  plan.report->code = errno;
  for (;;) ::syscall(SYS_exit_group, 127);
}

}  // namespace torc::process::detail
