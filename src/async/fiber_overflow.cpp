#include "async/fiber_overflow.hpp"

#include "async/fiber_stack.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace torc::detail {

namespace {

constexpr std::size_t kSignalStack = 64 * 1024;
struct sigaction before;

// Only what a signal handler may call.
struct Line {
  void add(const char* words) noexcept {
    const std::size_t size = std::min(std::strlen(words), sizeof text - used);
    std::memcpy(text + used, words, size);
    used += size;
  }
  void add(std::size_t number) noexcept {
    char digits[20];
    char* at = digits + sizeof digits;
    *--at = '\0';
    do *--at = static_cast<char>('0' + number % 10);
    while (number /= 10);
    add(at);
  }
  char text[1024];
  std::size_t used = 0;
};

void on_fault(int, siginfo_t* info, void*) noexcept {
  if (const Fiber* fiber = Fiber::running()) {
    FiberStack& stack = fiber->stack();
    const auto* const touched = static_cast<const char*>(info->si_addr);
    if (touched < stack.bottom && touched >= stack.bottom - kStackGuard) {
      Line line;
      line.add("torc: stack overflow in the fiber begun at ");
      line.add(fiber->begun().file_name());
      line.add(":");
      line.add(fiber->begun().line());
      line.add(": it needs more than its ");
      line.add((stack.size() + sizeof(FiberStack)) / 1024);
      line.add(" KiB of stack; raise FiberOptions::stack_size\n");
      [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.text, line.used);
    }
  }
  ::sigaction(SIGSEGV, &before, nullptr);
  if (info->si_code <= 0) ::raise(SIGSEGV);  // sent by somebody: it does not happen again by itself
}

// The stack that signal handlers of this thread run on, unless somebody has set one.
class SignalStack {
 public:
  SignalStack() noexcept {
    stack_t current;
    if (::sigaltstack(nullptr, &current) != 0 || !(current.ss_flags & SS_DISABLE)) return;
    memory_ = ::mmap(nullptr, kSignalStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) return;
    const stack_t ours{.ss_sp = memory_, .ss_flags = 0, .ss_size = kSignalStack};
    ::sigaltstack(&ours, nullptr);
  }
  ~SignalStack() {
    if (memory_ == MAP_FAILED) return;
    const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
    ::sigaltstack(&none, nullptr);
    ::munmap(memory_, kSignalStack);
  }

 private:
  void* memory_ = MAP_FAILED;
};

bool install_handler() noexcept {
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  return ::sigaction(SIGSEGV, &action, &before) == 0;
}

}  // namespace

void report_overflows() {
  static const bool installed = install_handler();
  thread_local const SignalStack stack;
  static_cast<void>(installed);
  static_cast<void>(stack);
}

}  // namespace torc::detail
