// Time as torc counts it.
//
// An Instant is a moment of the scheduler's own monotonic clock (real or simulated); it has no relation
// to the calendar and cannot be mixed with another clock's moments. Wall time is separate and used only
// to tell people and peers what time it is.
#pragma once

#include <chrono>

namespace torc {

using Duration = std::chrono::nanoseconds;

/// The clock that Instants belong to. It has no now(): ask a Clock (torc/async/clock.hpp).
struct SchedulerClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SchedulerClock>;
  static constexpr bool is_steady = true;
};

using Instant = SchedulerClock::time_point;
using WallTime = std::chrono::system_clock::time_point;

}  // namespace torc
