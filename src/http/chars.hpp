// The character classes of RFC 3986, and what this module's value types share with them. Those of header fields are the
// codec's (codec/http1_chars.hpp), so that what is composed here is what it writes.
//
// Private. Every test is on the byte: no locale, no sign extension, no table of 256 entries to keep in step.
#pragma once

#include <string_view>

namespace torc::http::detail {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// C0 controls and DEL. HTAB is one of them.
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// The value of a hexadecimal digit; -1 for anything else.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr char kUpperHex[] = "0123456789ABCDEF";

/// RFC 3986 §2.3.
constexpr bool is_unreserved(char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

/// RFC 3986 §2.2.
constexpr bool is_sub_delim(char c) { return c != '\0' && std::string_view("!$&'()*+,;=").contains(c); }

}  // namespace torc::http::detail
