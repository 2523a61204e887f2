// The table of a side's kinds of endpoints, and how a string finds the one it begins with.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "base/escape.hpp"
#include "endpoint/endpoint_arguments.hpp"

namespace torc::detail {

template <typename Endpoint>
using Parsed = std::expected<Endpoint, EndpointError>;

template <typename Endpoint>
struct EndpointKind {
  std::string_view name, shape;
  Parsed<Endpoint> (*parse)(EndpointArguments);
};

// The kinds that are the same on both sides.
template <typename Endpoint>
Parsed<Endpoint> parse_fd(EndpointArguments arguments) {
  const FdEndpoint endpoint{.descriptor = arguments.descriptor()};
  return arguments.finish<Endpoint>(endpoint);
}
template <typename Endpoint>
Parsed<Endpoint> parse_stdio(EndpointArguments arguments) {
  arguments.nothing();
  return arguments.finish<Endpoint>(StdioEndpoint{});
}

// The endpoint that begins at `begin` of `text` and ends with it.
template <typename Endpoint>
Parsed<Endpoint> parse_endpoint(std::string_view text, std::size_t begin, std::span<const EndpointKind<Endpoint>> kinds) {
  const std::string_view name = text.substr(begin, text.find(':', begin) - begin);
  const auto kind = std::ranges::find(kinds, name, &EndpointKind<Endpoint>::name);
  if (kind != kinds.end()) return kind->parse(EndpointArguments{text, begin, kind->shape});
  std::string what = name == "ssl" ? "ssl is called tls here" : "it begins with no kind that there is";
  what += "; use ";
  for (const auto& each : kinds) what += fmt::format("{}{}", &each == kinds.data() ? "" : ", ", each.name);
  return std::unexpected(endpoint_error(text, begin, what));
}

}  // namespace torc::detail
