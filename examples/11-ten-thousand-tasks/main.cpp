// Ten thousand tasks that wait, as threads, as fibers and as coroutines, and the memory that each takes.
//
//   11-ten-thousand-tasks [TASKS]
//
// Each kind is measured in a process of its own. Where fewer threads are allowed, there are fewer. Counted is the
// memory of the program; what the kernel keeps for each thread comes on top.
#include <torc/torc.hpp>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <semaphore>

long resident_bytes() {
  long size = 0, pages = 0;
  std::ifstream("/proc/self/statm") >> size >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

// The memory that was taken since it was made.
class Measured {
 public:
  void report(const char* kind, int tasks) const {
    const auto taken = static_cast<double>(resident_bytes() - before_);
    std::printf("%6d %-10s %7.2f KiB each\n", tasks, kind, taken / 1024 / tasks);
  }

 private:
  long before_ = resident_bytes();
};

std::counting_semaphore<> begun{0};

void threads(int wanted) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, 64 * 1024);
  const auto idle = [](void*) -> void* {
    begun.release();
    for (;;) ::pause();
  };
  const Measured measured;
  int tasks = 0;
  for (pthread_t thread; tasks < wanted && ::pthread_create(&thread, &attributes, idle, nullptr) == 0;) ++tasks;
  if (tasks == 0) return void(std::puts("no threads are allowed here"));
  for (int i = 0; i < tasks; ++i) begun.acquire();
  measured.report("threads", tasks);
  if (tasks < wanted) std::printf("       (%d were wanted: no more are allowed here)\n", wanted);
}

void fibers(int tasks) {
  const Measured measured;
  torc::TaskSet all;
  for (int i = 0; i < tasks; ++i) all.spawn_fiber([] { torc::await(torc::until_cancelled()); });
  measured.report("fibers", tasks);
}

torc::Deferred<void> idle() { co_await torc::until_cancelled(); }

void coroutines(int tasks) {
  const Measured measured;
  torc::TaskSet all;
  for (int i = 0; i < tasks; ++i) all.spawn(idle());
  measured.report("coroutines", tasks);
}

// In a child, so that nothing of the others is counted. It leaves without taking its tasks apart.
void in_a_process(void (*kind)(int), int tasks) {
  std::fflush(stdout);
  if (const pid_t child = ::fork(); child != 0) {
    ::waitpid(child, nullptr, 0);
    return;
  }
  torc::Reactor reactor;
  reactor.call_when_running([&] {
    kind(tasks);
    std::fflush(stdout);
    ::_exit(0);
  });
  reactor.run();
}

int main(int argc, char** argv) {
  const int tasks = argc > 1 ? std::atoi(argv[1]) : 10'000;
  for (const auto kind : {threads, fibers, coroutines}) in_a_process(kind, tasks);
}
