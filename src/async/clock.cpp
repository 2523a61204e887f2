#include <torc/async/clock.hpp>

#include <torc/async/context.hpp>
#include <torc/async/operation.hpp>

namespace torc {

struct DelayedCall::Call final : detail::Timer, detail::Pooled {
  Call(Clock& clock, std::move_only_function<void()> f) : clock(clock), function(std::move(f)) {}

  void expire() noexcept override {
    // The function leaves the record first: it may destroy the handle, or set the call anew.
    auto call = std::move(function);
    function = nullptr;
    const ContextScope scope(std::move(context));
    if (detached) delete this;
    try {
      call();
    } catch (...) {
      detail::report_unhandled(Failure::current(), "in a delayed call");
    }
  }
  void stopped() noexcept override {
    if (detached) delete this;
  }
  void wheel_gone() noexcept override {
    if (detached) delete this;
  }

  Clock& clock;
  std::move_only_function<void()> function;  // empty: the call was made
  Context context = Context::current();
  bool detached = false;
};

void DelayedCall::End::operator()(Call* call) const noexcept { delete call; }

DelayedCall::DelayedCall(DelayedCall&&) noexcept = default;
DelayedCall& DelayedCall::operator=(DelayedCall&&) noexcept = default;
DelayedCall::~DelayedCall() = default;

bool DelayedCall::active() const noexcept { return call_ && call_->armed(); }

Instant DelayedCall::due() const noexcept { return call_->due(); }

void DelayedCall::cancel() noexcept { call_.reset(); }

bool DelayedCall::reset(Duration delay) noexcept {
  if (!active()) return false;
  call_->clock.arm(*call_, call_->clock.after(delay));
  return true;
}

bool DelayedCall::delay(Duration extra) noexcept {
  if (!active()) return false;
  const Instant due = call_->due();
  call_->clock.arm(*call_, extra > Instant::max() - due ? Instant::max() : due + extra);
  return true;
}

void DelayedCall::detach() noexcept {
  if (!active()) return cancel();
  call_->detached = true;
  static_cast<void>(call_.release());
}

DelayedCall Clock::call_at(Instant when, std::move_only_function<void()> f) {
  DelayedCall handle(new DelayedCall::Call(*this, std::move(f)));
  arm(*handle.call_, when);
  return handle;
}

}  // namespace torc
