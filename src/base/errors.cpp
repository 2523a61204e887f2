#include <torc/base/errors.hpp>

#include <unistd.h>

#include <cstdlib>
#include <system_error>

namespace torc {

SystemError::SystemError(const std::string& doing, int code)
    : Error(doing + ": " + std::generic_category().message(code)), code_(code) {}

namespace detail {

void misuse(const std::string& what) noexcept {
  // One write, no locks: this may run in any state of the program.
  const std::string line = "torc: programming error: " + what + "\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  std::abort();
}

}  // namespace detail
}  // namespace torc
