#include <torc/async/retry.hpp>

#include <algorithm>

namespace torc::detail {

Backoff::Backoff(RetryOptions options) noexcept
    : options_(std::move(options)), next_(static_cast<double>(options_.initial_delay.count())) {}

bool Backoff::again(Failure& failure) noexcept {
  ++made_;
  if (failure.check<Cancelled>()) return false;
  try {
    if (options_.give_up && options_.give_up(failure)) return false;
  } catch (...) {
    Failure thrown = Failure::current();
    thrown.suppress(std::move(failure));
    failure = std::move(thrown);
    return false;
  }
  if (made_ < options_.attempts) return true;
  if (made_ > 1) failure.note("after " + std::to_string(made_) + " attempts");
  return false;
}

Duration Backoff::pause(Scheduler& scheduler) noexcept {
  const double longest = static_cast<double>(options_.max_delay.count());
  const double whole = std::clamp(next_, 0.0, std::max(longest, 0.0));
  next_ = std::min(whole * options_.factor, longest);
  const double chance = static_cast<double>(scheduler.random() >> 11) * 0x1p-53;  // in [0, 1)
  return Duration(static_cast<Duration::rep>(whole * (1 - std::clamp(options_.jitter, 0.0, 1.0) * chance)));
}

std::string stopped_while_retrying() { return "the reactor stopped between two attempts"; }

}  // namespace torc::detail
