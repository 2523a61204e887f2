#include <torc/async/looping_call.hpp>

#include <utility>

namespace torc {

class LoopingCall::Tick final : public detail::Timer {
 public:
  explicit Tick(LoopingCall& loop) : loop_(loop) {}

 private:
  void expire() noexcept override { loop_.call(); }
  void stopped() noexcept override {
    loop_.running_ = false;
    loop_.tell(Failure(ReactorStopped("the reactor stopped during a LoopingCall")));
  }
  LoopingCall& loop_;
};

LoopingCall::LoopingCall(std::shared_ptr<Function> function)
    : function_(std::move(function)), tick_(std::make_unique<Tick>(*this)) {}

LoopingCall::~LoopingCall() {
  if (gone_) *gone_ = true;
  if (starting_) *starting_ = true;
  tell_unheard();
}

void LoopingCall::start(Duration interval, bool now) {
  if (running_ || calling_) detail::misuse("LoopingCall::start() while it is running");
  if (interval < Duration::zero()) detail::misuse("LoopingCall::start() with a negative interval");
  scheduler_ = &Scheduler::required("LoopingCall::start()");
  interval_ = interval;
  started_ = scheduler_->now();
  counted_ = now ? -1 : 0;
  running_ = true;
  tell_unheard();
  if (!now) return schedule();
  bool gone = false;
  starting_ = &gone;
  call();
  if (!gone) starting_ = nullptr;
}

void LoopingCall::stop() noexcept {
  if (!running_) return;
  running_ = false;
  tick_->disarm();
  if (!calling_) tell({});
}

void LoopingCall::reset() noexcept {
  if (!running_ || calling_) return;
  started_ = scheduler_->now();
  counted_ = 0;
  schedule();
}

Deferred<void> LoopingCall::stopped() {
  if (unheard_) return fail(unheard_.take());
  if (!running_ && !calling_) return succeed();
  auto [deferred, promise] = make_deferred<void>();
  waiters_.push_back(std::move(promise));
  return std::move(deferred);
}

std::int64_t LoopingCall::ticks(Instant moment) const noexcept {
  return interval_ == Duration::zero() ? counted_ + 1 : (moment - started_) / interval_;
}

void LoopingCall::call() {
  const auto reached = ticks(scheduler_->now());
  const auto count = reached - std::exchange(counted_, reached);
  if (count <= 0) return schedule();  // the clock stood still, or went back
  calling_ = true;
  bool gone = false;
  gone_ = &gone;
  const auto function = function_;
  Deferred<void> result = [&] {
    try {
      return (*function)(static_cast<std::uint64_t>(count));
    } catch (...) {
      return fail(Failure::current());
    }
  }();
  if (gone) return;
  gone_ = nullptr;
  if (result.fired()) return ended(result.take());
  current_ = std::move(result).then_outcome([this](Outcome<void> outcome) { ended(std::move(outcome)); });
}

void LoopingCall::ended(Outcome<void> outcome) {
  calling_ = false;
  if (!outcome) running_ = false;
  running_ ? schedule() : tell(std::move(outcome));
}

void LoopingCall::schedule() noexcept {
  // The clock itself: a function that blocked past a tick must not run again at once, off the rhythm.
  const Instant now = scheduler_->exact_now();
  const Duration left = interval_ == Duration::zero() ? Duration::zero() : interval_ - (now - started_) % interval_;
  scheduler_->arm(*tick_, left > Instant::max() - now ? Instant::max() : now + left);
}

void LoopingCall::tell(Outcome<void> outcome) {
  auto waiters = std::exchange(waiters_, {});
  if (waiters.empty()) {
    if (outcome || outcome.error().check<ReactorStopped>()) return;
    unheard_ = std::move(outcome).error();
    if (!starting_) tell_unheard();  // inside start() nobody can have asked yet
    return;
  }
  const detail::Firing firing;
  for (auto& waiter : waiters) {
    if (outcome) {
      waiter.set_value();
    } else {
      waiter.set_error(outcome.error());
    }
  }
}

void LoopingCall::tell_unheard() noexcept {
  if (unheard_) detail::report_unhandled(unheard_.take(), "in a LoopingCall, which has stopped");
}

}  // namespace torc
