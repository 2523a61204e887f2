#include <torc/testing/leak_scope.hpp>

#include <torc/async/scheduler.hpp>
#include <torc/async/tasks.hpp>

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace torc::testing {

namespace {

struct Task {
  std::string identity, text;
};

std::vector<Task> pending_tasks() {
  std::vector<Task> tasks;
  Scheduler* scheduler = Scheduler::current();
  if (!scheduler) return tasks;
  for (const auto& task : scheduler->tasks()) {
    std::string identity = task.kind + task.created.file_name() + std::to_string(task.created.line()) + "@" +
                           std::to_string(task.since.time_since_epoch().count());
    tasks.push_back({std::move(identity), task.text()});
  }
  return tasks;
}

// "7 socket:[123]": what it is tells it apart from one that had the number before.
std::vector<std::string> open_descriptors() {
  std::vector<std::string> open;
  DIR* folder = ::opendir("/proc/self/fd");
  if (!folder) return open;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view number = entry->d_name;
    if (number.starts_with('.') || number == std::to_string(::dirfd(folder))) continue;
    char target[256];
    const auto size = ::readlinkat(::dirfd(folder), entry->d_name, target, sizeof target);
    open.push_back(std::string(number) + " " + std::string(target, size > 0 ? static_cast<std::size_t>(size) : 0));
  }
  ::closedir(folder);
  return open;
}

// Takes `one` out of `before`; false when it is not there.
bool was_there(std::vector<std::string>& before, const std::string& one) {
  const auto found = std::ranges::find(before, one);
  if (found == before.end()) return false;
  before.erase(found);
  return true;
}

}  // namespace

LeakScope::LeakScope(std::function<void(const std::string& left)> report)
    : report_(std::move(report)), descriptors_(open_descriptors()) {
  for (auto& task : pending_tasks()) tasks_.push_back(std::move(task.identity));
}

LeakScope::~LeakScope() {
  std::string all;
  for (const auto& line : left()) all += (all.empty() ? "left over: " : "\nleft over: ") + line;
  if (!all.empty()) report_(all);
}

std::vector<std::string> LeakScope::left() const {
  std::vector<std::string> left;
  auto tasks = tasks_;
  for (auto& task : pending_tasks()) {
    if (!was_there(tasks, task.identity)) left.push_back(std::move(task.text));
  }
  auto descriptors = descriptors_;
  for (const auto& descriptor : open_descriptors()) {
    if (!was_there(descriptors, descriptor)) left.push_back("descriptor " + descriptor);
  }
  return left;
}

}  // namespace torc::testing
