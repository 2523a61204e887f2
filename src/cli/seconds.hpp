// Seconds: durations as people write them on a command line.
#pragma once

#include <torc/base/time.hpp>

#include <chrono>
#include <string>

namespace torc::cli {

using Seconds = std::chrono::duration<double>;

/// CLI11's way to say what is wrong with a value: a text, empty when nothing is.
std::string is_seconds(const std::string& text);

/// `seconds`, which is_seconds has seen.
inline Duration duration_of(double seconds) { return std::chrono::duration_cast<Duration>(Seconds(seconds)); }

}  // namespace torc::cli
