#include <torc/async/cooperator.hpp>

#include <torc/async/background.hpp>

namespace torc {
namespace detail {

CooperatedTask::CooperatedTask(StepsOperation* operation, const std::source_location& where) noexcept
    : Root("a cooperative task", operation, where), operation_(operation) {
  operation->set_stepper(this);
}

CooperatedTask::~CooperatedTask() {
  if (state_ == TaskState::kFailed && !seen_ && !failure_.failure.check<Cancelled>()) {
    report_unhandled(failure_.failure, "in a cooperative task");
  }
  if (operation_) Operation::drop(operation_);
}

void CooperatedTask::begin(Cooperator& cooperator) noexcept {
  cooperator_ = &cooperator;
  place();
}

void CooperatedTask::place() noexcept {
  if (pauses_ > 0 || operation_->waits()) return cooperator_->idle_.push_back(*this);
  cooperator_->ready_.push_back(*this);
  // In a slice, the end of that slice sees to it.
  if (!cooperator_->gone_ && !cooperator_->linked()) cooperator_->scheduler_.post(*cooperator_);
}

void CooperatedTask::make_step() noexcept {
  const Firing firing;  // what the step fires runs when we are done with it
  stepping_ = true;
  cooperator_->stepping_ = this;
  operation_->step();
  stepping_ = false;
  if (ended()) {  // by its own step: the frame is gone
    if (!handled_) delete this;
    return;
  }
  cooperator_->stepping_ = nullptr;
  if (!operation_->fired()) return place();
  const Outcome<void> outcome = operation_->take();
  outcome ? finish(TaskState::kDone, {}) : finish(TaskState::kFailed, outcome.error());
}

void CooperatedTask::end(TaskState state, FailureSlot failure) noexcept {
  state_ = state;
  failure_ = std::move(failure);
  Root::unlink();
  if (stepping_) cooperator_->stepping_ = nullptr;
  cooperator_ = nullptr;
  while (auto* waiter = waiters_.pop()) {
    seen_ = true;
    waiter->give(failure_ ? Outcome<void>(Failure(failure_.failure)) : Outcome<void>());
  }
}

void CooperatedTask::drop_frame() noexcept {
  const bool mine = !handled_ && !stepping_;
  // Destructors of the frame may drop the handle, and this with it.
  Operation* operation = std::exchange(operation_, nullptr);
  operation->fired() ? operation->discard() : Operation::drop(operation);
  if (mine) delete this;
}

void CooperatedTask::finish(TaskState state, FailureSlot failure) noexcept {
  PlaceInTurn::unlink();
  end(state, std::move(failure));
  drop_frame();
}

void CooperatedTask::let_go() noexcept {
  handled_ = false;
  waiters_.fail_all(destroyed_while_waiting("a CooperativeTask"));
  if (!ended()) return finish(TaskState::kStopped, {});
  if (!stepping_) delete this;
}

void CooperatedTask::throw_if_ended() const {
  switch (state_) {
    case TaskState::kDone: throw TaskDone("the task has ended");
    case TaskState::kStopped: failure_.failure.raise();
    case TaskState::kFailed: throw TaskFailed(failure_.failure);
    case TaskState::kRunning:
    case TaskState::kPaused: break;
  }
}

Cooperator& Background::cooperator(Scheduler& scheduler) {
  if (!cooperator_) cooperator_ = std::make_unique<Cooperator>(CooperatorOptions{}, scheduler);
  return *cooperator_;
}

void Background::end_cooperator() noexcept {
  if (const auto cooperator = std::move(cooperator_)) {
    cooperator->end_all(Failure(ReactorStopped("the reactor stopped during a cooperative task")));
  }
}

}  // namespace detail

void CooperativeTask::pause() {
  task_->throw_if_ended();
  if (++task_->pauses_ == 1 && !task_->stepping_) task_->place();
}

void CooperativeTask::resume() {
  if (task_->pauses_ == 0) throw NotPaused("resume() of a task that is not paused");
  if (--task_->pauses_ == 0 && !task_->ended() && !task_->stepping_) task_->place();
}

void CooperativeTask::stop() {
  task_->throw_if_ended();
  const detail::Firing firing;
  task_->finish(TaskState::kStopped, Failure(TaskStopped("the task was stopped")));
}

Deferred<void> CooperativeTask::when_done() {
  if (!task_->ended()) return task_->waiters_.wait();
  task_->seen_ = true;
  if (!task_->failure_) return succeed();
  return fail(Failure(task_->failure_.failure));
}

TaskState CooperativeTask::state() const noexcept {
  return !task_->ended() && task_->pauses_ > 0 ? TaskState::kPaused : task_->state_;
}

void CooperativeTask::detach() && noexcept {
  detail::CooperatedTask* task = std::exchange(task_, nullptr);
  task->handled_ = false;
  if (task->ended() && !task->stepping_) delete task;
}

Cooperator::Cooperator(CooperatorOptions options, Scheduler& scheduler)
    : options_(std::move(options)), scheduler_(scheduler) {}

Cooperator::~Cooperator() {
  if (gone_) *gone_ = true;
  end_all(Failure(SchedulerStopped("the cooperator was destroyed")));
}

CooperativeTask Cooperator::cooperate(Steps steps, std::source_location where) {
  detail::StepsOperation* operation = steps.release_operation();
  if (!operation) detail::misuse("cooperate() with Steps that were moved away");
  auto* task = new detail::CooperatedTask(operation, where);
  CooperativeTask handle(task);
  if (running_) {
    task->begin(*this);
  } else {
    task->finish(TaskState::kStopped, Failure(SchedulerStopped("the cooperator was stopped")));
  }
  return handle;
}

void Cooperator::stop() noexcept {
  const detail::Firing firing;
  end_all(Failure(SchedulerStopped("the cooperator was stopped")));
}

void Cooperator::end_all(const Failure& failure) noexcept {
  running_ = false;
  Tasks ending;
  ending.take(ready_);
  ending.take(idle_);
  if (stepping_) ending.push_back(*stepping_);
  for (auto* place = ending.front(); place; place = ending.next(*place)) {
    static_cast<detail::CooperatedTask*>(place)->end(TaskState::kStopped, Failure(failure));
  }
  // From here on, destructors of the frames may destroy the cooperator and any task.
  while (auto* place = ending.pop_front()) static_cast<detail::CooperatedTask*>(place)->drop_frame();
}

void Cooperator::run() noexcept {
  bool gone = false;
  gone_ = &gone;
  const Instant end = scheduler_.exact_now() + options_.slice;
  std::move_only_function<bool()> until;
  try {
    if (options_.until) until = options_.until();
  } catch (...) {  // the slice ends by the clock
    detail::report_unhandled(Failure::current(), "in the predicate of a Cooperator");
  }
  std::size_t steps = 0;
  while (auto* place = ready_.pop_front()) {
    static_cast<detail::CooperatedTask*>(place)->make_step();
    if (gone) return;
    if (slice_is_over(end, ++steps, until)) break;
  }
  gone_ = nullptr;
  if (!ready_.empty()) scheduler_.post(*this);
}

bool Cooperator::slice_is_over(Instant end, std::size_t steps, std::move_only_function<bool()>& until) noexcept {
  if (!until) return steps >= options_.steps || scheduler_.exact_now() >= end;
  try {
    return until();
  } catch (...) {
    detail::report_unhandled(Failure::current(), "in what ends the slice of a Cooperator");
    return true;
  }
}

CooperativeTask cooperate(Steps steps, std::source_location where) {
  Scheduler& scheduler = Scheduler::required("cooperate");
  return scheduler.background().cooperator(scheduler).cooperate(std::move(steps), where);
}

}  // namespace torc
