#include <torc/async/running_task.hpp>

#include <torc/async/scheduler.hpp>
#include <torc/async/tasks.hpp>

#include "async/roots.hpp"

namespace torc::detail {

void RunningTask::capture() noexcept {
  kind = nullptr;
  count = 0;
  cut = false;
  Scheduler* const scheduler = current.scheduler;
  for (const Operation* at = current.task; at;) {
    if (count == kMaxWaits) {
      cut = true;
      break;
    }
    waits[count++] = at->site();
    const Operation* next = at->outer_if_safe();
    if (!next) {
      if (const Root* root = scheduler ? root_if_safe(*scheduler, *at) : nullptr) {
        kind = root->kind();
        created = root->created();
        break;
      }
      // Begun inside the code of another and not waited for yet, or fired by it.
      next = at->running() ? at->below() : nullptr;
    }
    at = next;
  }
}

std::string RunningTask::text() const {
  if (count == 0) return "no task: a callback";
  std::string text = kind ? std::string(kind) + " from " + place(created) : "a task that nothing lists";
  const char* separator = ", running on from ";
  for (std::size_t i = 0; i < count; ++i) {
    const WaitSite& wait = waits[i];
    const bool begun = i == 0 && wait.where.line() == 0;  // it has not waited yet
    text += begun ? ", running from its beginning" : separator;
    separator = ", waited for by ";
    if (begun) continue;
    text += wait.doing;
    if (wait.where.line() != 0) text += " at " + place(wait.where);
  }
  return cut ? text + ", and others" : text;
}

}  // namespace torc::detail
