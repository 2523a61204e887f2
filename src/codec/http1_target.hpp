/// Request targets and host names: the checks that the request parser and the request writer share.
#pragma once

#include <string_view>

namespace torc::codec::http1::detail {

/// The four forms of RFC 9112 section 3.2, each only where the method allows it: authority-form for CONNECT alone, "*" for
/// OPTIONS alone. Absolute targets are http or https.
[[nodiscard]] bool valid_target(std::string_view method, std::string_view target) noexcept;

/// uri-host [ ":" port ] (RFC 9110 section 7.2), no user information. Empty is valid.
[[nodiscard]] bool valid_host(std::string_view host) noexcept;

/// An absolute-form target cut in two: "http://a:1/b?c" is {"a:1", "/b?c"}. Not absolute-form: {"", target}.
struct AbsoluteTarget {
  std::string_view authority;
  std::string_view rest;
};
[[nodiscard]] AbsoluteTarget split_absolute(std::string_view target) noexcept;

}  // namespace torc::codec::http1::detail
