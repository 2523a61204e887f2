#include <torc/reactor/eventual.hpp>

#include <torc/async/timing.hpp>
#include <torc/base/errors.hpp>

#include <algorithm>
#include <chrono>
#include <string>

namespace torc::detail {

namespace {

// The ends that are no news: it was asked to end, or everything did.
bool is_ordinary(const Failure& failure) noexcept { return failure.check<Cancelled, ReactorStopped>(); }

void report_unseen(const Failure& failure) noexcept {
  if (!is_ordinary(failure)) report_unhandled(failure, "in a call into a reactor whose result nobody looked at");
}

}  // namespace

void check_may_block(const char* what) noexcept {
  if (!Reactor::current()) return;
  misuse(std::string(what) +
         " was called on a reactor's own thread: the loop cannot turn while the thread waits. co_await a Deferred "
         "there, or move the waiting to another thread with defer_to_thread");
}

Eventual::~Eventual() { door_->forget(*this); }

bool Eventual::wait(Duration limit) {
  // A limit that cannot be expressed as a moment would be over at once.
  const auto bounded = std::clamp<Duration>(limit, Duration::zero(), std::chrono::hours(24 * 365));
  std::unique_lock lock(mutex_);
  return told_.wait_for(lock, bounded, [this] { return phase_ == Phase::kSettled; });
}

void Eventual::await(Duration limit) {
  check_may_block("waiting for a result of a reactor");
  if (!wait(limit)) throw TimeoutError(timed_out_after(limit));
  if (const auto failed = failure()) failed->raise();
}

bool Eventual::settled() {
  const std::lock_guard lock(mutex_);
  return phase_ == Phase::kSettled;
}

std::optional<Failure> Eventual::failure() {
  const std::lock_guard lock(mutex_);
  if (!failure_) return std::nullopt;
  looked_at_ = true;
  return failure_.failure;
}

void Eventual::cancel() {
  bool begun;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::kSettled) return;
    begun = phase_ == Phase::kBegun;
  }
  // It may begin meanwhile: then both the failure is in place and the operation is cancelled.
  if (!begun) settle(Failure(Cancelled{}), false);
  door_->call([self = shared_from_this(), this] { cancel_operation(); });
}

void Eventual::let_go() noexcept {
  FailureSlot unseen;
  bool there;
  {
    const std::lock_guard lock(mutex_);
    if (failure_ && !looked_at_) unseen = failure_;
    there = unwant();
  }
  if (unseen) report_unseen(unseen.failure);
  if (!there) return;
  door_->call([self = shared_from_this(), this] {
    clear();
    leave();
  });
}

void Eventual::detach() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::kSettled) {
      unwanted_ = true;
      return;
    }
  }
  let_go();
}

void Eventual::give_up() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!unwant()) return;
  }
  door_->call([self = shared_from_this(), this] {
    cancel_operation();
    detach_operation();
    clear();
    leave();
  });
}

bool Eventual::unwant() noexcept {
  unwanted_ = true;
  if (phase_ != Phase::kWaiting) return !ended_;
  phase_ = Phase::kSettled;
  return false;
}

void Eventual::send(std::move_only_function<void()> start) noexcept {
  try {
    keep_context(start);
    if (door_->call_waited(*this, std::move(start))) return;
    settle(Failure(ReactorStopped("the reactor has stopped")), true);
  } catch (...) {
    settle(Failure::current(), true);
  }
}

bool Eventual::begin() noexcept {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kWaiting) return false;
  phase_ = Phase::kBegun;
  return true;
}

void Eventual::settle(Failure failure, bool ended) noexcept {
  bool wanted;
  {
    const std::lock_guard lock(mutex_);
    wanted = phase_ != Phase::kSettled && !unwanted_;
    phase_ = Phase::kSettled;
    ended_ |= ended;
    if (wanted) failure_ = failure;
  }
  if (!wanted) return report_unseen(failure);
  told_.notify_all();
}

void Eventual::reactor_stopped() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::kSettled) return;
    failure_ = Failure(ReactorStopped("the reactor stopped before the result was there"));
    phase_ = Phase::kSettled;
  }
  told_.notify_all();
}

void Eventual::reactor_gone() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = Failure(ReactorStopped("the reactor that had the result is gone"));
    phase_ = Phase::kSettled;
  }
  clear();
  leave();
}

void Eventual::house(Reactor& reactor) noexcept {
  self_ = shared_from_this();
  reactor.house(*this);
}

void Eventual::leave() noexcept {
  Resident::unlink();
  const auto last = std::move(self_);
}

}  // namespace torc::detail
