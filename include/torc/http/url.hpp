// An absolute http or https URL, as a client needs it: whom to connect to, what to ask for, where a redirect leads.
//
// Used by the HTTP and WebSocket clients. A plain value: copyable, comparable, any thread.
//
// A `Url` is valid by construction: only `parse` and `resolve` make one. Both follow the grammar of RFC 3986 strictly and
// refuse what does not match it (spaces, controls, raw UTF-8, bad escapes) instead of guessing what was meant, because two
// programs that guess differently are how requests end up at the wrong host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace torc::http {

class Url {
 public:
  /// Longer texts are refused before anything is copied.
  static constexpr std::size_t kMaxLength = 65536;

  /// Parses an absolute URL (RFC 3986 §4.3, RFC 9110 §4.2).
  ///
  /// - The scheme is http or https; the scheme and the host come out in lower case.
  /// - The host is what `check_host` (torc/base/host_name.hpp) accepts, or an IPv6 address in brackets without a zone, which
  ///   comes out in its one RFC 5952 spelling. So `127.1`, `0x7f.1` and `2130706433` are refused: no two programs may disagree
  ///   on which host is meant.
  /// - User and password are refused (RFC 9110 §4.2.4): they belong in an Authorization field.
  /// - The path is never empty and has no dot segments; a fragment is checked, then dropped.
  ///
  /// Errors: one line that names the input (escaped, shortened, any password hidden) and what is wrong with it.
  static std::expected<Url, std::string> parse(std::string_view text);

  /// Resolves a reference, such as a Location field, against this URL (RFC 3986 §5.2, strict).
  ///
  /// Errors: as `parse`; also a reference that leads to another scheme than http and https.
  std::expected<Url, std::string> resolve(std::string_view reference) const;

  /// "http" or "https".
  std::string_view scheme() const { return secure_ ? "https" : "http"; }

  /// Whether the scheme is https.
  bool is_secure() const { return secure_; }

  /// The host in lower case, an IPv6 literal without its brackets: what a resolver or an address parser takes.
  const std::string& host() const { return host_; }

  /// The port given, or the scheme's own: 80 or 443. Never 0.
  std::uint16_t port() const { return port_; }

  /// The path, percent-encoded as given, beginning with '/'.
  std::string_view path() const { return std::string_view(target_).substr(0, path_size_); }

  /// What follows the '?', percent-encoded as given; empty when there is none.
  std::string_view query() const;

  /// The origin-form request target (RFC 9112 §3.2.1): path, and "?query" when the URL has a '?'.
  const std::string& path_and_query() const { return target_; }

  /// `host[:port]` as a Host field wants it: brackets around IPv6, the scheme's own port left out.
  std::string authority() const;

  /// `scheme://authority` (RFC 6454 §6.2): equal origins may share connections and credentials.
  std::string origin() const;

  /// Whether scheme, host and port are equal. A redirect where this is false must drop credentials.
  bool same_origin(const Url& other) const;

  /// The whole URL, normalised as described at `parse`. Parsing it again gives an equal Url.
  std::string str() const;

  friend bool operator==(const Url&, const Url&) = default;

 private:
  Url() = default;

  std::string host_;
  std::string target_ = "/";
  std::size_t path_size_ = 1;
  std::uint16_t port_ = 80;
  bool secure_ = false;
};

}  // namespace torc::http
