#include <torc/async/affinity.hpp>

#include <torc/base/errors.hpp>

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

namespace torc::detail {

namespace {

std::string this_thread() {
  char name[16] = "?";
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  return std::string("thread \"") + name + "\" (" + std::to_string(::gettid()) + ")";
}

struct Running {
  const Scheduler* scheduler;
  pthread_t thread;
  std::string name;
};

// The schedulers that are run by threads: few, and never destroyed, as a program may exit while they run.
struct Table {
  std::mutex mutex;
  std::vector<Running> running;
};
Table& table() {
  static auto* const table = new Table;
  return *table;
}

}  // namespace

RunBy::RunBy(const Scheduler& scheduler) : scheduler_(&scheduler) {
  const std::lock_guard lock(table().mutex);
  table().running.push_back({&scheduler, ::pthread_self(), this_thread()});
}

RunBy::~RunBy() {
  const std::lock_guard lock(table().mutex);
  std::erase_if(table().running, [this](const Running& each) { return each.scheduler == scheduler_; });
}

void require_thread(const Scheduler* scheduler, const char* what) noexcept {
  const std::lock_guard lock(table().mutex);
  for (const Running& each : table().running) {
    if (each.scheduler != scheduler || ::pthread_equal(each.thread, ::pthread_self()) != 0) continue;
    misuse(std::string(what) + " on " + this_thread() + ", but the scheduler it belongs to is run by " + each.name +
           ": use call_from_thread to get there");
  }
}

}  // namespace torc::detail
