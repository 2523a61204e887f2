#include <torc/async/semaphore.hpp>

namespace torc {

Semaphore::Semaphore(std::size_t permits) noexcept : available_(permits) {
  if (permits == 0) detail::misuse("a Semaphore needs at least one permit");
}

Deferred<Semaphore::Permit> Semaphore::acquire() {
  if (auto permit = try_acquire()) return Deferred<Permit>(Outcome<Permit>(*std::move(permit)));
  return waiters_.wait();
}

std::optional<Semaphore::Permit> Semaphore::try_acquire() noexcept {
  // While somebody waits none is available, so there is nobody to barge past.
  if (available_ == 0) return std::nullopt;
  --available_;
  return Permit(*this);
}

void Semaphore::released() noexcept {
  if (auto* next = waiters_.pop()) return next->give(Permit(*this));
  ++available_;
}

}  // namespace torc
