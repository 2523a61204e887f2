#include <torc/async/barrier.hpp>

namespace torc {

Barrier::Barrier(std::size_t parties) noexcept : parties_(parties) {
  if (parties == 0) detail::misuse("a Barrier needs at least one party");
}

Deferred<std::size_t> Barrier::wait() {
  if (waiters_.size() + 1 < parties_) return waiters_.wait();
  auto last = succeed(waiters_.size());
  const detail::Firing firing;
  for (std::size_t place = 0; auto* waiter = waiters_.pop(); ++place) waiter->give(Outcome<std::size_t>(place));
  return last;
}

}  // namespace torc
