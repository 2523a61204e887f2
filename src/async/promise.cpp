#include <torc/async/promise.hpp>

namespace torc::detail {

namespace {

std::string place(const std::source_location& where) {
  return std::string(where.file_name()) + ":" + std::to_string(where.line());
}

}  // namespace

void fired_twice(const std::source_location& first, const std::source_location& second) noexcept {
  misuse("a promise was fired twice: first at " + place(first) + ", then at " + place(second));
}

}  // namespace torc::detail
