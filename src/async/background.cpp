#include <torc/async/background.hpp>

#include <torc/async/deferred.hpp>
#include <torc/async/scheduler.hpp>
#include <torc/base/errors.hpp>

namespace torc::detail {

Detached::Detached(Operation* operation, std::source_location where) noexcept
    : operation_(operation), where_(where) {
  operation_->set_waiter(this);
}

void Detached::inner_fired(Operation& inner) noexcept {
  if (inner.failure() && !inner.failure().failure.check<Cancelled>()) {
    const std::string where = std::string("in the background (detached at ") + where_.file_name() + ":" +
                              std::to_string(where_.line()) + ")";
    report_unhandled(inner.failure().failure, where.c_str());
  }
  inner.discard();
  delete this;
}

void Background::cancel_all() noexcept {
  const Firing firing;  // nothing leaves the list while it is walked
  for (Detached* task = tasks_.front(); task; task = tasks_.next(*task)) Operation::request_cancel(task->operation_);
}

std::vector<std::string> Background::drop_all() {
  std::vector<std::string> dropped;
  while (Detached* task = tasks_.pop_front()) {
    dropped.push_back(std::string(task->where_.file_name()) + ":" + std::to_string(task->where_.line()));
    Operation::drop(task->operation_);
    delete task;
  }
  return dropped;
}

void detach(Operation* operation, std::source_location where) {
  if (operation->fired()) {
    // Dropping reports a failure that nobody saw.
    return Operation::drop(operation);
  }
  auto* task = new Detached(operation, where);
  if (Scheduler* scheduler = Scheduler::current()) scheduler->background().add(*task);
}

}  // namespace torc::detail
