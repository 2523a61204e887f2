#include "reactor/course.hpp"

#include "reactor/thread_calls.hpp"

#include <torc/base/errors.hpp>

namespace torc::detail {

Course::Course(Reactor& reactor) noexcept : reactor_(reactor) { reactor_.course_ = this; }

Course::~Course() {
  if (reactor_.course_ == this) reactor_.course_ = nullptr;
}

void Course::take_step() {
  current.budget = Scheduler::kBudget;
  if (!started_) {
    started_ = true;
    startup_ = reactor_.fire(kStartup);
  }
  if (reactor_.state_ != Reactor::State::kEnding) return;
  if (!before_) {
    startup_.reset();
    limit_ = reactor_.after(reactor_.options_.shutdown_limit);
    before_ = reactor_.fire_before(kShutdown, reactor_.options_.shutdown_limit);
  }
  if (before_->pending()) return;
  reactor_.fire_phase(kShutdown, Phase::kDuring);
  if (reactor_.state_ != Reactor::State::kEnding) return;  // a trigger has left
  reactor_.state_ = Reactor::State::kStopping;
  end_pending();
}

bool Course::step_due() const noexcept {
  switch (reactor_.state_) {
    case Reactor::State::kIdle: return false;
    case Reactor::State::kRunning: return !started_;
    case Reactor::State::kEnding: return !before_ || !before_->pending();
    case Reactor::State::kStopping: return reactor_.background_.empty();
    case Reactor::State::kLeaving: return true;
  }
  return true;
}

bool Course::over() const noexcept {
  return reactor_.state_ == Reactor::State::kLeaving ||
         (reactor_.state_ == Reactor::State::kStopping && reactor_.background_.empty());
}

void Course::end_pending() noexcept {
  reactor_.thread_calls_->end_waits();
  IntrusiveList<Resident> leaving;
  leaving.take(reactor_.residents_);
  while (Resident* resident = leaving.pop_front()) {
    reactor_.house(*resident);
    resident->reactor_stopping();
  }
  // The background is cancelled rather than told, and may set timers for its clean-up.
  IntrusiveList<Timer> timers;
  reactor_.wheel_.take_all(timers);
  reactor_.background_.cancel_all();
  TimerWheel::stop(timers);
  reactor_.arm(*this, limit_);
}

void Course::expire() noexcept {
  limit_passed_ = true;
  reactor_.crash();
}

void Course::end() noexcept {
  const bool in_order = reactor_.state_ == Reactor::State::kStopping || limit_passed_;
  if (!in_order) return;
  disarm();
  // Timers that were set while others were being told.
  IntrusiveList<Timer> timers;
  reactor_.wheel_.take_all(timers);
  TimerWheel::stop(timers);
  RunQueue::current().drain();
  reactor_.fire_phase(kShutdown, Phase::kAfter);
  RunQueue::current().drain();
}

}  // namespace torc::detail
