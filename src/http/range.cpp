#include "torc/http/range.hpp"

#include <algorithm>
#include <optional>

#include "codec/http1_chars.hpp"
#include "http/chars.hpp"

namespace torc::http {
namespace {

namespace wire = codec::http1::detail;

// A run of digits, stopping at the largest number when it would be larger. nullopt unless `text` is digits only.
std::optional<std::uint64_t> parse_position(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, detail::is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return UINT64_MAX;
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace

Range parse_range(std::string_view value, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  value = wire::trim(value);
  if (!wire::iequals(value.substr(0, kUnit.size()), kUnit)) return {};
  const std::string_view spec = wire::trim(value.substr(kUnit.size()));
  const std::size_t dash = spec.find('-');
  // A comma makes a list: whatever follows it is not even looked at.
  if (dash == spec.npos || spec.contains(',')) return {};
  const auto last = parse_position(spec.substr(dash + 1));
  if (dash == 0) {
    if (!last) return {};
    if (*last == 0) return {.kind = Range::Kind::kUnsatisfiable};
    if (size == 0) return {};
    return {.kind = Range::Kind::kPartial, .first = size - std::min(*last, size), .last = size - 1};
  }
  const auto first = parse_position(spec.substr(0, dash));
  const bool open = dash + 1 == spec.size();
  if (!first || (!open && (!last || *last < *first))) return {};
  if (*first >= size) return {.kind = Range::Kind::kUnsatisfiable};
  return {.kind = Range::Kind::kPartial, .first = *first, .last = open ? size - 1 : std::min(*last, size - 1)};
}

std::string content_range(const Range& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + '-' + std::to_string(range.last) + '/' + std::to_string(size);
}

std::string unsatisfied_content_range(std::uint64_t size) { return "bytes */" + std::to_string(size); }

}  // namespace torc::http
