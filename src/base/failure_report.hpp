// The parts of Failure's report that tell places: where it was thrown, and who waited for it.
#pragma once

#include <cstddef>
#include <source_location>
#include <string>
#include <vector>

namespace torc {
class Traceback;
}

namespace torc::detail {

/// Who waited for a failure, inside out. The first and the last are kept; between them a number.
class WaitChain {
 public:
  static constexpr std::size_t kFirst = 16, kLast = 16;

  struct Wait {
    std::source_location where;
    const char* how;
  };

  void add(Wait wait);
  /// A line for each: "\n  co_await in app::serve (src/app.cpp:80)".
  void append(std::string& text) const;

 private:
  std::vector<Wait> kept_;  // those behind kFirst are a ring
  std::size_t count_ = 0;
};

/// Where it was thrown, a line a call; without a traceback, where it was made.
void append_origin(std::string& text, const Traceback& traceback, const std::source_location& origin);

}  // namespace torc::detail
