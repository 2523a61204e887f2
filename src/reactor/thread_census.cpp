#include "reactor/thread_census.hpp"

#include "reactor/stall_watch.hpp"

#include <sys/stat.h>

namespace torc::detail {

constinit std::atomic<long> idle_pool_threads{0};
constinit std::atomic<long> pool_jobs{0};

bool others_may_act() noexcept {
  // Only this thread could add another job, if the rest of what we look at holds.
  if (pool_jobs.load(std::memory_order_acquire) != 0) return true;
  struct stat tasks;
  if (::stat("/proc/self/task", &tasks) != 0) return true;
  long known = 1 + idle_pool_threads.load(std::memory_order_acquire) + (StallWatch::has_thread() ? 1 : 0);
#if __has_feature(thread_sanitizer)
  ++known;  // its own
#endif
  return static_cast<long>(tasks.st_nlink) - 2 > known;
}

}  // namespace torc::detail
