#include "cli/seconds.hpp"

#include "base/escape.hpp"

#include <charconv>
#include <system_error>

namespace torc::cli {

std::string is_seconds(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value > 0 && value <= 1e6) return {};
  return "must be a number of seconds above 0 and up to 1000000, not " + detail::in_quotes(text);
}

}  // namespace torc::cli
