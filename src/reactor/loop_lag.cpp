#include <torc/reactor/loop_lag.hpp>

#include <algorithm>
#include <cmath>

namespace torc {

Duration LoopLag::percentile(double percent) const noexcept {
  const double wanted = std::ceil(static_cast<double>(count_) * std::clamp(percent, 0.0, 100.0) / 100);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen != 0 && static_cast<double>(seen) >= wanted) return i + 1 < kBuckets ? std::min(max_, upper_end(i)) : max_;
  }
  return {};
}

}  // namespace torc
