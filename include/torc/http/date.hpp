// Dates as HTTP writes them, and the timestamp of the access log.
//
// Used for Date, Last-Modified, Expires, If-Modified-Since and the log. Times are unix seconds, UTC; no locale or time zone
// of the process plays a part. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace torc::http {

/// Appends an IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT`: always 29 bytes (RFC 9110 §5.6.7).
///
/// Times outside the years 0000 to 9999 are moved to the nearest one inside. Some 10 ns; a server still caches it per second.
void append_http_date(std::string& out, std::int64_t unix_seconds);

/// The same as a string of its own.
std::string http_date(std::int64_t unix_seconds);

/// Parses the three forms a recipient must accept (RFC 9110 §5.6.7):
///
///     Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate
///     Sunday, 06-Nov-94 08:49:37 GMT    RFC 850; a year that would lie over 50 years ahead is in the past
///     Sun Nov  6 08:49:37 1994          asctime
///
/// `now` serves only the two-digit year; without it the system clock is read, and only for that form.
///
/// Errors: nullopt for anything else, such as another zone, another case, a 31 April, or a weekday name that is not the
/// date's (a two-digit year is spared the last check). A second of 60 is accepted and counts as the next minute's first.
std::optional<std::int64_t> parse_http_date(std::string_view text, std::optional<std::int64_t> now = std::nullopt);

/// Appends `[10/Oct/2000:13:55:36 +0000]`, the timestamp of the common and combined log formats: always 28 bytes.
void append_log_time(std::string& out, std::int64_t unix_seconds);

}  // namespace torc::http
