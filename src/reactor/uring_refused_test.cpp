// io_uring refused by a seccomp filter, as containers do: epoll, and one line in the log.
#include <torc/base/log.hpp>
#include <torc/reactor/reactor.hpp>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace torc {
namespace {

// From now on the system call `number` fails with `code` in this process.
bool refuse(long number, int code) {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(code)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = 4, .filter = rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// In a process of its own. Says on standard error how it went; a reactor must work in any case.
[[noreturn]] void run_refused(long number, int code) {
  if (!refuse(number, code)) {
    std::fputs("no filters here", stderr);
    std::exit(0);
  }
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  Reactor reactor{{.backend = Backend::kUring}};
  bool ran = false;
  auto call = reactor.call_later(std::chrono::milliseconds(1), [&] {
    ran = true;
    reactor.stop();
  });
  reactor.run();
  std::fprintf(stderr, "%s, %s, %zu lines: %s\n", std::string(to_string(reactor.backend())).c_str(), ran ? "ran" : "did not run",
               captured->records().size(), captured->text().c_str());
  std::exit(0);
}

class UringRefusedDeathTest : public testing::TestWithParam<std::pair<long, int>> {};

TEST_P(UringRefusedDeathTest, IsEpollAndOneLine) {
  if (Reactor{{.backend = Backend::kUring}}.backend() != Backend::kUring) GTEST_SKIP() << "this machine has no io_uring";
  const auto [number, code] = GetParam();
  EXPECT_EXIT(run_refused(number, code), testing::ExitedWithCode(0),
              "no filters here|epoll, ran, 1 lines: .*io_uring: .*: epoll is used instead of uring");
}

INSTANTIATE_TEST_SUITE_P(, UringRefusedDeathTest,
                         testing::Values(std::pair(SYS_io_uring_setup, ENOSYS), std::pair(SYS_io_uring_setup, EPERM),
                                         std::pair(SYS_io_uring_setup, ENOMEM), std::pair(SYS_io_uring_enter, EPERM),
                                         std::pair(SYS_io_uring_register, EPERM)));

}  // namespace
}  // namespace torc
