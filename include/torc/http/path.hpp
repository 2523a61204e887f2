// From the path of a request to a path below a directory that cannot lead out of it.
//
// Used by the directory handler, and by whoever maps request paths to names in a store. Pure; any thread.
//
// The path is decoded exactly once and then judged on its decoded form; what is not a plain list of names is refused as a
// whole, never repaired. Symbolic links are not this file's concern: open the result relative to the root's descriptor with
// openat2(RESOLVE_BENEATH) or component by component.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace torc::http {

/// A decoded path without leading slash: names joined by single slashes, none of them empty, "." or "..".
struct SafePath {
  std::string text;  ///< "" for the root itself
  bool trailing_slash = false;  ///< the request ended in '/': it asks for a directory. True for the root.

  friend bool operator==(const SafePath&, const SafePath&) = default;
};

/// Makes a relative path of `raw`, the path of a request target or what a mount left of it; without query.
///
/// One leading '/' is optional. The result holds at most 4095 bytes, each name at most 255.
///
/// Errors: nullopt, which a server answers with 404 (a wrong guess need not learn more), for
/// - a bad escape, NUL or another control (raw or encoded), a raw '?' or '#';
/// - '/' or '\\' inside a segment by encoding, a raw '\\';
/// - a segment that is "." or "..", raw or encoded; an empty segment other than the last ("//x", "a//b");
/// - the overlong UTF-8 forms of ASCII (%c0%ae for '.'), which careless decoders read as what is refused above;
/// - names and paths beyond the lengths above.
/// Other bytes, valid UTF-8 or not, are what file names are made of and are kept.
std::optional<SafePath> safe_path(std::string_view raw);

/// Whether a segment of `path` (as `safe_path` gives it) begins with a dot: .git, .env, .htpasswd.
///
/// Directory handlers refuse such paths by default. `.well-known` as the first segment (RFC 8615) does not count.
bool has_hidden_segment(std::string_view path);

}  // namespace torc::http
