// Percent-encoding (RFC 3986 §2) and the name=value lists of queries and forms.
//
// Used by handlers (query and form fields), by the client (building URLs) and by the directory listing. Pure functions; any
// thread. Decoding happens once, here or in `safe_path`: never decode a result again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::http {

/// Replaces each %HH by its byte; '+' stays '+'. The result may hold any byte, NUL and '/' included.
///
/// Errors: nullopt when a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

/// As `percent_decode`, and '+' becomes a space: the rule of application/x-www-form-urlencoded.
std::optional<std::string> form_decode(std::string_view text);

/// Encodes `text` as one segment of a path: '/' and ':' become escapes too, so that the result is also safe as the first
/// segment of a relative reference. Unreserved characters and the other delimiters of RFC 3986 §3.3 stay.
///
/// "." and ".." cannot be encoded into harmlessness and come out unchanged; no file is called so.
std::string encode_path_segment(std::string_view text);

/// Encodes `text` as a name or value in a query or form: everything but unreserved characters, a space as %20.
/// Both `percent_decode` and `form_decode` give `text` back.
std::string encode_query_component(std::string_view text);

/// Names and values, decoded, in the order of the text; names may repeat.
using QueryPairs = std::vector<std::pair<std::string, std::string>>;

enum class QueryError : std::uint8_t {
  kBadEscape,  ///< a '%' without two hexadecimal digits: answer 400
  kTooManyPairs,  ///< more pairs than the caller allows: answer 400, or 413 for a body
};

/// Cuts a query or an urlencoded body at '&' and '=' and decodes both sides as forms do.
///
/// `a` and `a=` both give an empty value; empty pieces (`a=1&&b=2`) are skipped. What a pair costs is bounded by the text;
/// their number is bounded by `max_pairs`, checked before each is stored.
std::expected<QueryPairs, QueryError> parse_query(std::string_view text, std::size_t max_pairs = 1000);

/// The first value stored under `name`; nullopt when there is none.
std::optional<std::string_view> find_value(const QueryPairs& pairs, std::string_view name);

/// The inverse of `parse_query`: `name=value` joined by '&', without a leading '?'.
std::string build_query(std::span<const std::pair<std::string, std::string>> pairs);

}  // namespace torc::http
