#include <torc/async/event.hpp>

namespace torc {

void Event::set() noexcept {
  const detail::Firing firing;
  set_ = true;
  while (auto* waiter = waiters_.pop()) waiter->give({});
}

Deferred<void> Event::wait() {
  if (set_) return succeed();
  return waiters_.wait();
}

}  // namespace torc
