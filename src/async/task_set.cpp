#include <torc/async/task_set.hpp>

#include <torc/async/scheduler.hpp>
#include <torc/async/tasks.hpp>

#include <utility>

namespace torc {
namespace detail {

struct TaskOwner::Place : ListHook {};

struct TaskOwner::Child final : Waiter, Place, Root, Pooled {
  Child(TaskOwner& owner, Operation* operation, const char* kind, const std::source_location& where) noexcept
      : Root(kind, operation, where), owner(owner), operation(operation) {}

  void inner_fired(Operation& inner) noexcept override {
    TaskOwner& set = owner;
    FailureSlot failure = std::move(inner.failure());
    inner.discard();
    delete this;
    --set.size_;
    const Firing firing;  // waiters run when we are done with the set
    if (failure && !failure.failure.check<Cancelled>()) {
      bool gone = false;  // a handler may destroy the set
      bool* const outer = std::exchange(set.gone_, &gone);
      set.child_failed(failure.take());
      if (gone) {
        if (outer) *outer = true;
        return;
      }
      set.gone_ = outer;
    }
    if (set.size_ == 0) set.tell_waiters();
  }

  TaskOwner& owner;
  Operation* operation;
};

TaskOwner::~TaskOwner() {
  if (gone_) *gone_ = true;
}

void TaskOwner::add(Operation* operation, const std::source_location& where) {
  auto* child = new Child(*this, operation, kind_, where);
  operation->set_waiter(child);
  children_.push_back(*child);
  ++size_;
}

void TaskOwner::cancel_children() noexcept {
  const Firing firing;  // no child leaves while the list is walked
  for (Place* child = children_.front(); child; child = children_.next(*child)) {
    Operation::request_cancel(static_cast<Child*>(child)->operation);
  }
}

void TaskOwner::drop_children() noexcept {
  while (Place* first = children_.pop_front()) {
    auto* child = static_cast<Child*>(first);
    Operation* operation = child->operation;
    delete child;
    --size_;
    Operation::drop(operation);
  }
}

Deferred<void> TaskOwner::when_empty() {
  auto [deferred, promise] = make_deferred<void>();
  waiters_.push_back(std::move(promise));
  if (size_ == 0) tell_waiters();
  return std::move(deferred);
}

void TaskOwner::tell_waiters() noexcept {
  for (auto& waiter : std::exchange(waiters_, {})) waiter.set_value();
}

}  // namespace detail

void TaskSet::child_failed(Failure failure) noexcept {
  if (failure.check<Cancelled>()) return;
  if (!on_failure_) return detail::report_unhandled(failure, "in a task of a TaskSet");
  try {
    const auto handler = on_failure_;  // outlives the set, if the handler destroys that
    (*handler)(std::move(failure));
  } catch (...) {
    detail::report_unhandled(Failure::current(), "in the failure handler of a TaskSet");
  }
}

TaskGroup::~TaskGroup() {
  drop_children();
  if (first_) detail::report_unhandled(first_.failure, "in a TaskGroup that was not joined");
}

void TaskGroup::child_failed(Failure failure) noexcept {
  if (failure.check<Cancelled>()) return;
  if (first_) {
    first_.failure.suppress(std::move(failure));
    return;
  }
  first_ = std::move(failure);
  failing_ = true;
  cancel_children();
}

void TaskGroup::tell_waiters() noexcept {
  auto waiters = std::exchange(waiters_, {});
  // Whoever dropped what join() gave does not see the failure: it stays with the group, for the next one or the end.
  std::erase_if(waiters, [](const Promise<void>& waiter) { return !waiter.wanted(); });
  if (waiters.empty()) return;
  FailureSlot failure = std::exchange(first_, {});
  failing_ = false;
  const detail::Firing firing;
  for (auto& waiter : waiters) {
    if (failure) {
      waiter.set_error(failure.failure);
    } else {
      waiter.set_value();
    }
  }
}

}  // namespace torc
