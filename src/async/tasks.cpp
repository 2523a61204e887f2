#include <torc/async/tasks.hpp>

#include "async/roots.hpp"

#include <torc/async/scheduler.hpp>

#include <atomic>
#include <chrono>
#include <string_view>
#include <utility>

namespace torc {
namespace detail {

namespace {

// True while this thread changes a list of roots: a signal handler keeps its hands off.
constinit thread_local bool changing = false;

struct Changing {
  Changing() noexcept {
    changing = true;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  ~Changing() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    changing = false;
  }
};

// "3 s", "250 ms": as much as a reader wants to know.
std::string age(Duration span) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
  return ms < 1000 ? std::to_string(ms) + " ms" : std::to_string(ms / 1000) + " s";
}

}  // namespace

std::string place(const std::source_location& where) {
  std::string_view file = where.file_name();
  file.remove_prefix(file.rfind('/') + 1);
  return std::string(file) + ":" + std::to_string(where.line());
}

Root::Root(const char* kind, Operation* operation, const std::source_location& created, bool only_if_alone) noexcept
    : kind_(kind), operation_(operation), created_(created), since_(current.turn_began),
      only_if_alone_(only_if_alone) {
  if (!current.scheduler) return;
  const Changing now;
  current.scheduler->roots_.push_back(*this);
}

void Root::unlink() noexcept {
  const Changing now;
  ListHook::unlink();
}

const Root* root_if_safe(Scheduler& scheduler, const Operation& operation) noexcept {
  if (changing) return nullptr;
  Root* root = scheduler.roots_.front();
  while (root && root->operation() != &operation) root = scheduler.roots_.next(*root);
  return root;
}

TaskInfo Root::describe() const {
  TaskInfo info{.kind = kind_, .created = created_, .since = since_, .waits = {}, .asked = {}};
  for (const Operation* at = operation_; at; at = at->inner()) {
    if (at->running()) break;
    info.waits.push_back(at->site());
  }
  return info;
}

}  // namespace detail

std::string TaskInfo::text() const {
  std::string text = kind + " from " + detail::place(created);
  if (asked > since) text += ", " + detail::age(asked - since) + " old,";
  const char* separator = waits.empty() ? " is running" : " waits for ";
  if (waits.empty()) text += separator;
  for (const auto& wait : waits) {
    text += std::exchange(separator, ", ");
    text += wait.doing;
    if (wait.where.line() != 0) text += " at " + detail::place(wait.where);
    if (wait.since != Instant{} && asked > wait.since) text += " for " + detail::age(asked - wait.since);
  }
  return text;
}

std::vector<TaskInfo> Scheduler::tasks() {
  std::vector<TaskInfo> infos;
  for (detail::Root* root = roots_.front(); root; root = roots_.next(*root)) {
    if (root->is_told_of_elsewhere()) continue;
    infos.push_back(root->describe());
    infos.back().asked = now();
  }
  return infos;
}

}  // namespace torc
