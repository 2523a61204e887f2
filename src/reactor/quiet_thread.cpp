#include "reactor/quiet_thread.hpp"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace torc::detail {

std::thread start_quiet_thread(const std::string& name, std::move_only_function<void()> f) {
  sigset_t quiet;
  ::sigfillset(&quiet);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) ::sigdelset(&quiet, fault);
  // The thread inherits the mask: no moment in which it could be interrupted.
  struct Masked {
    explicit Masked(const sigset_t& mask) { ::pthread_sigmask(SIG_BLOCK, &mask, &before); }
    ~Masked() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
    sigset_t before;
  } const masked(quiet);
  return std::thread([name = name.substr(0, 15), f = std::move(f)]() mutable {
    ::pthread_setname_np(::pthread_self(), name.c_str());
    f();
  });
}

}  // namespace torc::detail
