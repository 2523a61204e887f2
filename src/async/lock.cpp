#include <torc/async/lock.hpp>

namespace torc {

Deferred<Lock::Guard> Lock::acquire() {
  if (auto guard = try_acquire()) return Deferred<Guard>(Outcome<Guard>(*std::move(guard)));
  return waiters_.wait();
}

std::optional<Lock::Guard> Lock::try_acquire() noexcept {
  // While somebody waits it is locked, so there is nobody to barge past.
  if (std::exchange(locked_, true)) return std::nullopt;
  return Guard(*this);
}

void Lock::queue(detail::ListedWaiter<Guard>& waiter) noexcept {
  if (auto guard = try_acquire()) return waiter.give(*std::move(guard));
  waiters_.add(waiter);
}

void Lock::released() noexcept {
  if (auto* next = waiters_.pop()) return next->give(Guard(*this));
  locked_ = false;
}

}  // namespace torc
