// A route's pattern, cut into segments and checked.
//
// Private to RouteTable; the grammar is described in torc/http/route_table.hpp.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace torc::http::detail {

struct PatternSegment {
  enum class Kind : std::uint8_t { kLiteral, kParam, kTail };

  Kind kind;
  std::string text;  ///< the decoded literal, or the parameter's name

  friend bool operator==(const PatternSegment&, const PatternSegment&) = default;
};

/// "/" is one empty literal, as is what follows a final slash. Errors: what is wrong, without naming the pattern.
std::expected<std::vector<PatternSegment>, std::string> parse_route_pattern(std::string_view pattern);

}  // namespace torc::http::detail
