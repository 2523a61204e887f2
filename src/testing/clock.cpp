#include <torc/testing/clock.hpp>

namespace torc::testing {

Clock::Clock() = default;

Clock::~Clock() {
  background_.drop_all();
  wheel_.drop_all();
}

WallTime Clock::wall_now() const noexcept {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(now_.time_since_epoch()));
}

std::uint64_t Clock::random() noexcept {
  // splitmix64: the same sequence on every machine.
  std::uint64_t z = (random_state_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

void Clock::turn() {
  detail::current.budget = kBudget;
  detail::current.turn_began = now_;
  detail::IntrusiveList<detail::Posted> now;
  now.take(posted_);
  while (detail::Posted* work = now.pop_front()) run(*work);
  wheel_.advance(now_);
  detail::RunQueue::current().drain();
}

void Clock::advance(Duration step) {
  now_ += step;
  turn();
  while (!posted_.empty() || wheel_.next_due().value_or(Instant::max()) <= now_) turn();
}

void Clock::pump(std::initializer_list<Duration> steps) {
  for (const Duration step : steps) advance(step);
}

bool Clock::idle() noexcept { return posted_.empty() && !wheel_.next_due(); }

}  // namespace torc::testing
