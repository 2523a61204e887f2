#include "reactor/thread_sample.hpp"

#include <semaphore.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <csignal>

namespace torc::detail {

namespace {

enum State : int { kIdle, kAsked, kTaking, kTaken };

// What the handler touches, and nothing else.
constinit std::atomic<int> state{kIdle};
constinit std::atomic<pthread_t> asked{};
constinit ThreadSample sample;
sem_t taken;

void on_sample(int, siginfo_t*, void* context) noexcept {
  const int saved = errno;
  int expected = kAsked;
  // One that comes too late finds that nobody asks, or answers for the next.
  if (::pthread_equal(asked.load(std::memory_order_acquire), ::pthread_self()) != 0 &&
      state.compare_exchange_strong(expected, kTaking, std::memory_order_acq_rel)) {
    sample.count = capture_frames(sample.frames.data(), sample.frames.size(), context);
    sample.task.capture();
    sample.reporting = symbolising.load(std::memory_order_relaxed);
    state.store(kTaken, std::memory_order_release);
    ::sem_post(&taken);
  }
  errno = saved;
}

bool ours(const struct sigaction& action) noexcept {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_sample;
}

int install() noexcept {
  if (::sem_init(&taken, 0, 0) != 0) return 0;
  // From the top: what others choose by hand lies at the bottom.
  for (int number = SIGRTMAX; number >= SIGRTMIN; --number) {
    struct sigaction action;
    if (::sigaction(number, nullptr, &action) != 0 || (action.sa_flags & SA_SIGINFO) != 0 ||
        action.sa_handler != SIG_DFL) {
      continue;
    }
    action = {};
    action.sa_sigaction = on_sample;
    // On a fiber's small stack there may be no room for the handler; where a thread has a stack for signals it
    // is used.
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    ::sigfillset(&action.sa_mask);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) ::sigdelset(&action.sa_mask, fault);
    if (::sigaction(number, &action, nullptr) == 0) return number;
  }
  return 0;
}

sigset_t only(int signal) noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signal);
  return set;
}

}  // namespace

int sample_signal() noexcept {
  static const int number = install();
  return number;
}

bool ask_for_sample(pthread_t thread) noexcept {
  const int number = sample_signal();
  struct sigaction action;
  if (number == 0 || ::sigaction(number, nullptr, &action) != 0 || !ours(action)) return false;
  while (::sem_trywait(&taken) == 0) {
  }
  asked.store(thread, std::memory_order_relaxed);
  state.store(kAsked, std::memory_order_release);
  if (::pthread_kill(thread, number) == 0) return true;
  state.store(kIdle, std::memory_order_relaxed);
  return false;
}

const ThreadSample* wait_for_sample(Duration limit) noexcept {
  timespec until;
  ::clock_gettime(CLOCK_MONOTONIC, &until);
  const auto end = until.tv_nsec + limit.count();
  until.tv_sec += end / 1'000'000'000;
  until.tv_nsec = end % 1'000'000'000;
  while (::sem_clockwait(&taken, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR) {
  }
  int expected = kAsked;
  if (state.compare_exchange_strong(expected, kIdle, std::memory_order_acq_rel)) return nullptr;
  // It is being taken, which takes microseconds.
  while (state.load(std::memory_order_acquire) != kTaken) {
    while (::sem_wait(&taken) != 0 && errno == EINTR) {
    }
  }
  return &sample;
}

SamplesAllowed::SamplesAllowed() noexcept {
  if (sample_signal() == 0) return;
  const sigset_t set = only(sample_signal());
  sigset_t before;
  blocked_before_ = ::pthread_sigmask(SIG_UNBLOCK, &set, &before) == 0 && ::sigismember(&before, sample_signal()) == 1;
}

SamplesAllowed::~SamplesAllowed() {
  if (!blocked_before_) return;
  const sigset_t set = only(sample_signal());
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace torc::detail
