#include <torc/async/condition.hpp>

namespace torc {

// Waits in the Condition's list, then in the Lock's, for the guard that is its result.
class Condition::Waiter final : public detail::ListedWaiter<Lock::Guard> {
 public:
  explicit Waiter(Lock& lock) noexcept : lock_(lock) {}

  /// Notified; `condition` gets the notification back if it comes to nothing. Null: it was for all.
  void notified(Condition* condition) noexcept {
    Lock* lock = lock_.get();
    if (!lock) return give(detail::destroyed_while_waiting("the Lock of a Condition"));
    if (condition) condition_ = detail::BackReference<Condition>(*condition);
    lock->queue(*this);
  }

 private:
  void pass_on() noexcept {
    if (Condition* condition = condition_.release()) condition->wake_next();
  }
  void left() noexcept override { pass_on(); }
  void discard() noexcept override {
    // A guard still in here was given, but whoever waited was dropped before taking it.
    if (value_ && *value_) pass_on();
    delete this;
  }

  detail::BackReference<Lock> lock_;
  detail::BackReference<Condition> condition_;  // null until notified
};

Deferred<Lock::Guard> Condition::wait(Lock::Guard guard) {
  Lock* lock = guard.owner_.get();
  if (!lock) detail::misuse("Condition::wait() with a guard that holds no lock");
  auto* waiter = new Waiter(*lock);
  Deferred<Lock::Guard> result(waiter);
  waiters_.add(*waiter);
  guard.release();  // the last touch: whoever runs now may destroy this
  return result;
}

void Condition::notify_one() noexcept {
  const detail::Firing firing;
  wake_next();
}

void Condition::notify_all() noexcept {
  const detail::Firing firing;
  while (auto* waiter = waiters_.pop()) static_cast<Waiter*>(waiter)->notified(nullptr);
}

void Condition::wake_next() noexcept {
  if (auto* waiter = waiters_.pop()) static_cast<Waiter*>(waiter)->notified(this);
}

}  // namespace torc
