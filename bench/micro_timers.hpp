// The delays of the timer rows, the same for every program, and how time goes in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace micro {

inline constexpr long kTimers = 10'000;    // set; one after another is moved, or cancelled and added
inline constexpr long kTurn = 64;          // moved before a loop looks at the clock again
inline constexpr long kSpread = 100'000;   // microseconds over which the fired ones are due

/// Delays as an application has them, in microseconds: seconds, all different.
inline std::vector<std::int64_t> delays() {
  std::mt19937 random(1);
  std::vector<std::int64_t> all(kTimers);
  for (auto& delay : all) delay = 1'000'000 + random() % 60'000'000;
  return all;
}

/// Which of the delays the timer that was cancelled is added with.
inline std::size_t other(std::size_t next) { return next * 7 % kTimers; }

/// Microseconds until each of the fired is due.
class Dues {
 public:
  std::int64_t next() { return random_() % kSpread; }

 private:
  std::mt19937 random_{1};
};

}  // namespace micro
