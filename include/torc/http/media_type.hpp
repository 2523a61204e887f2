// The media type of a file by its name.
//
// Used by the directory handler. The table is built in: no /etc/mime.types, so a site looks the same on every host. Text types
// carry charset=utf-8, without which browsers guess; scripts are text/javascript (RFC 9239). Send the result together with
// `X-Content-Type-Options: nosniff`.
#pragma once

#include <string_view>

namespace torc::http {

/// What a file with an unknown extension, or none, is served as: browsers download it.
inline constexpr std::string_view kDefaultMediaType = "application/octet-stream";

/// The Content-Type for `path`, by what follows the last dot of its last segment, without regard to case.
///
/// A name that only begins with a dot (".profile") has no extension. Lifetime: static.
std::string_view media_type(std::string_view path);

}  // namespace torc::http
