#include <torc/net/token_bucket.hpp>

#include <torc/base/errors.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace torc {

namespace {

constexpr double kLargestShare = 256 * 1024;
constexpr double kSharesPerSecond = 50;  // fine enough to look steady, coarse enough for few timers

double burst_of(Rate rate) {
  if (rate.bytes_per_second == 0) detail::misuse("a TokenBucket needs a rate above 0");
  const auto burst = rate.burst != 0 ? rate.burst : rate.bytes_per_second / 10;
  return static_cast<double>(std::max<std::uint64_t>(burst, 1));
}

}  // namespace

TokenBucket::TokenBucket(Rate rate, std::shared_ptr<TokenBucket> parent)
    : per_nanosecond_(static_cast<double>(rate.bytes_per_second) / 1e9),
      burst_(burst_of(rate)),
      share_(std::floor(std::clamp(static_cast<double>(rate.bytes_per_second) / kSharesPerSecond, 1.0,
                                   std::min(kLargestShare, burst_)))),
      parent_(std::move(parent)),
      tokens_(burst_) {}

void TokenBucket::refill() noexcept {
  if (!scheduler_) {
    scheduler_ = &Scheduler::required("a token bucket");
    filled_ = scheduler_->now();
  }
  const Duration since = scheduler_->now() - std::exchange(filled_, scheduler_->now());
  tokens_ = std::min(burst_, tokens_ + static_cast<double>(since.count()) * per_nanosecond_);
}

// What may pass without a wait, here and above.
double TokenBucket::available() noexcept {
  refill();
  if (!line_.empty()) return 0;
  return std::min(tokens_, parent_ ? parent_->available() : std::numeric_limits<double>::max());
}

std::uint64_t TokenBucket::take(std::uint64_t most) noexcept {
  const double there = available();
  if (there < std::min(static_cast<double>(most), share_)) return 0;  // no crumbs
  const std::uint64_t taken = std::min(most, static_cast<std::uint64_t>(there));
  charge(taken);
  return taken;
}

void TokenBucket::charge(std::uint64_t bytes) noexcept {
  refill();
  tokens_ -= static_cast<double>(bytes);
  if (parent_) parent_->charge(bytes);
}

void TokenBucket::stand_in_line(detail::Taker& taker) noexcept {
  line_.push_back(taker);
  if (!serving_ && !armed() && !Taker::linked()) ask();
}

// For the first in line: from the parent, when it is our turn there, or from ourselves.
void TokenBucket::ask() noexcept {
  if (parent_) return parent_->stand_in_line(*this);
  serving_ = true;
  while (!line_.empty() && !armed()) offered(std::numeric_limits<std::uint64_t>::max());
  serving_ = false;
}

// Gives the first in line a share. Without tokens it waits for them, out of the parent's line.
std::uint64_t TokenBucket::offered(std::uint64_t most) noexcept {
  if (line_.empty()) return 0;
  refill();
  if (tokens_ < share_) {
    const auto missing = Duration(static_cast<Duration::rep>((share_ - tokens_) / per_nanosecond_) + 1);
    scheduler_->arm(*this, scheduler_->after(missing));
    return 0;
  }
  detail::Taker* taker = line_.pop_front();
  const bool serving = std::exchange(serving_, true);
  // Below a parent that one deals out in shares, and we give on what we are given.
  const std::uint64_t taken = taker->offered(std::min(most, static_cast<std::uint64_t>(parent_ ? tokens_ : share_)));
  serving_ = serving;
  tokens_ -= static_cast<double>(taken);
  if (parent_ && !line_.empty() && !armed()) parent_->stand_in_line(*this);
  return taken;
}

void TokenBucket::expire() noexcept {
  if (!line_.empty()) ask();
}

}  // namespace torc
