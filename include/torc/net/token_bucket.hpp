// TokenBucket: a rate that many connections share, fairly.
//
// Fills with `bytes_per_second` up to `burst`. Who finds it empty stands in line and is given a share in turn, so that of
// ten who want more than there is each gets a tenth. A bucket may stand in the line of another: a connection's under its
// peer's under the server's; what passes counts in all of them, and each is fair among those directly below it.
//
// Used by Throttle (torc/net/throttle.hpp). One scheduler: that of the first who takes. The bucket must outlive those in
// its line, which hold it by shared_ptr; so does a bucket its parent.
#pragma once

#include <torc/async/scheduler.hpp>
#include <torc/base/intrusive_list.hpp>

#include <cstdint>
#include <memory>

namespace torc {

struct Rate {
  std::uint64_t bytes_per_second = 0;  ///< 0: no limit
  std::uint64_t burst = 0;             ///< what may pass at once after a pause; 0: a tenth of a second's worth
};

namespace detail {

/// Stands in line for a share.
class Taker : public ListHook {
 public:
  /// It may have up to `most`; gives what it took, and is out of the line. Must not call out.
  virtual std::uint64_t offered(std::uint64_t most) noexcept = 0;

 protected:
  ~Taker() = default;
};

}  // namespace detail

class TokenBucket final : private detail::Taker, private detail::Timer {
 public:
  /// A rate of 0 is a programming error.
  explicit TokenBucket(Rate rate, std::shared_ptr<TokenBucket> parent = nullptr);
  TokenBucket(const TokenBucket&) = delete;
  TokenBucket& operator=(const TokenBucket&) = delete;

  /// Up to `most` bytes, at once; 0 when there are none or others stand in line, here or above.
  std::uint64_t take(std::uint64_t most) noexcept;
  /// Stands in line, at its end.
  void stand_in_line(detail::Taker& taker) noexcept;
  /// Counts bytes that have passed without being given, here and above. Others wait the longer.
  void charge(std::uint64_t bytes) noexcept;

 private:
  std::uint64_t offered(std::uint64_t most) noexcept override;
  void expire() noexcept override;
  void ask() noexcept;
  void refill() noexcept;
  double available() noexcept;

  const double per_nanosecond_;
  const double burst_;
  const double share_;  // what one in line gets at a time
  const std::shared_ptr<TokenBucket> parent_;
  double tokens_;  // below 0: charged
  Scheduler* scheduler_ = nullptr;
  Instant filled_{};
  detail::IntrusiveList<detail::Taker> line_;
  bool serving_ = false;  // those in line are being served
};

}  // namespace torc
