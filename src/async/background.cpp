#include <torc/async/background.hpp>

#include <torc/async/deadline.hpp>
#include <torc/async/cooperator.hpp>
#include <torc/async/deferred.hpp>
#include <torc/async/scheduler.hpp>
#include <torc/base/errors.hpp>

namespace torc::detail {

struct Detached::Limit final : UnderDeadline {
  Limit(Operation* operation, std::shared_ptr<DeadlineTimer> timer) noexcept
      : operation(operation), timer(std::move(timer)) {
    this->timer->add(*this);
  }
  void deadline_passed() noexcept override { Operation::request_cancel(operation); }
  Operation* operation;
  std::shared_ptr<DeadlineTimer> timer;
};
void Detached::EndLimit::operator()(Limit* limit) const noexcept { delete limit; }

Detached::Detached(Operation* operation, std::source_location where)
    : Root("background work", operation, where), operation_(operation) {
  operation_->set_waiter(this);
  const Context context = Context::current();
  if (const auto* deadline = context.get(kDeadline)) {
    if (auto timer = deadline->timer_here()) limit_.reset(new Limit(operation, std::move(timer)));
  }
}

void Detached::inner_fired(Operation& inner) noexcept {
  if (inner.failure() && !inner.failure().failure.check<Cancelled>()) {
    const std::string where = std::string("in the background (detached at ") + created().file_name() + ":" +
                              std::to_string(created().line()) + ")";
    report_unhandled(inner.failure().failure, where.c_str());
  }
  inner.discard();
  delete this;
}

Background::Background() noexcept = default;
Background::~Background() = default;

void Background::cancel_all() noexcept {
  const Firing firing;  // nothing leaves the list while it is walked
  for (auto* place = tasks_.front(); place; place = tasks_.next(*place)) {
    Operation::request_cancel(place->task.operation_);
  }
  end_cooperator();
}

std::vector<std::string> Background::drop_all() {
  std::vector<std::string> dropped;
  while (auto* place = tasks_.pop_front()) {
    Detached* task = &place->task;
    dropped.push_back(std::string(task->created().file_name()) + ":" + std::to_string(task->created().line()));
    Operation::drop(task->operation_);
    delete task;
  }
  end_cooperator();
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
