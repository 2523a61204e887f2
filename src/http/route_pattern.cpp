#include "http/route_pattern.hpp"

#include <algorithm>

#include "http/chars.hpp"
#include "torc/http/percent.hpp"
#include "torc/http/route_table.hpp"

namespace torc::http::detail {
namespace {

using Kind = PatternSegment::Kind;

bool is_identifier(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '_'; });
}

std::expected<PatternSegment, std::string> parse_segment(std::string_view text) {
  if (text.starts_with('{') && text.ends_with('}')) {
    std::string_view name = text.substr(1, text.size() - 2);
    const bool tail = name.ends_with("...");
    if (tail) name.remove_suffix(3);
    if (!is_identifier(name)) return std::unexpected("a parameter's name has letters, digits and '_' only");
    return PatternSegment{tail ? Kind::kTail : Kind::kParam, std::string(name)};
  }
  if (text.find_first_of("{}") != text.npos) return std::unexpected("a parameter must be a whole segment");
  if (text.find_first_of("?#") != text.npos) return std::unexpected("a pattern has no query and no fragment");
  std::optional<std::string> literal = percent_decode(text);
  if (!literal) return std::unexpected("bad percent escape");
  if (std::ranges::any_of(*literal, is_control)) return std::unexpected("control character");
  if (*literal == "." || *literal == "..") return std::unexpected("clients remove \".\" and \"..\" from a path");
  if (literal->size() > RouteTable::kMaxSegmentBytes) return std::unexpected("segment too long");
  return PatternSegment{Kind::kLiteral, *std::move(literal)};
}

}  // namespace

std::expected<std::vector<PatternSegment>, std::string> parse_route_pattern(std::string_view pattern) {
  if (!pattern.starts_with('/')) return std::unexpected("a pattern begins with '/'");
  std::vector<PatternSegment> segments;
  std::size_t params = 0;
  for (bool more = true; more;) {
    pattern.remove_prefix(1);
    const std::size_t end = pattern.find('/');
    more = end != pattern.npos;
    if (more && end == 0) return std::unexpected("empty segment");
    auto segment = parse_segment(pattern.substr(0, end));
    if (!segment) return std::unexpected(segment.error());
    if (segment->kind != Kind::kLiteral) {
      const auto same_name = [&](const PatternSegment& other) {
        return other.kind != Kind::kLiteral && other.text == segment->text;
      };
      if (std::ranges::any_of(segments, same_name)) return std::unexpected("a parameter's name occurs twice");
      if (++params > RouteMatch::kMaxParams) return std::unexpected("too many parameters");
      if (segment->kind == Kind::kTail && more) return std::unexpected("a tail must be the last segment");
    }
    if (segments.size() == RouteTable::kMaxSegments) return std::unexpected("too many segments");
    segments.push_back(*std::move(segment));
    if (more) pattern.remove_prefix(end);
  }
  return segments;
}

}  // namespace torc::http::detail
