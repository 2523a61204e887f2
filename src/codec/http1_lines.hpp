/// Lines of a head or of a trailer section: where each ends, what it may cost, what a field line says.
///
/// Used by the head parsers and the trailer parser. All of them follow one rule, which makes the verdict independent of how
/// the bytes were cut: a line is judged when its LF is there, and the LF has to come within the line's allowance. So a
/// parser may run ahead over bytes whose LF is missing, but what it finds wrong counts only if `settle` finds the LF.
#pragma once

#include "codec/http1_access.hpp"
#include "codec/http1_chars.hpp"

#include <cstring>

namespace torc::codec::http1::detail {

enum class Step : std::uint8_t { kComplete, kIncomplete, kFailed };

/// How many bytes a line may take up to and with its LF, and what it is called if it does not.
struct Allowance {
  std::size_t bytes;
  Error error;
};

/// For a line `offset` bytes into its section.
[[nodiscard]] inline Allowance allowance(std::size_t line_limit, Error line_error, std::size_t section_limit,
                                         Error section_error, std::size_t offset) noexcept {
  const std::size_t room = section_limit > offset ? section_limit - offset : 0;
  if (line_limit + 2 <= room) return {line_limit + 2, line_error};
  return {room, section_error};
}

/// Lines of one section in memory, and how far the walk over them has come.
struct Lines {
  const char* base;  ///< the section's first byte
  const char* line;  ///< the first line not yet taken
  const char* end;
  Error error = Error::kNone;

  [[nodiscard]] std::size_t offset() const noexcept { return static_cast<std::size_t>(line - base); }

  Step failed(Error why) noexcept {
    error = why;
    return Step::kFailed;
  }

  /// The line at `line` cannot be taken. Its LF decides: there, the reason is `content`; not there within the allowance,
  /// the line is too long; else more bytes are needed.
  [[nodiscard]] Step settle(Allowance allowed, Error content) noexcept {
    const auto available = static_cast<std::size_t>(end - line);
    const std::size_t window = available < allowed.bytes ? available : allowed.bytes;
    if (window != 0 && std::memchr(line, '\n', window) != nullptr) return failed(content);
    if (available >= allowed.bytes) return failed(allowed.error);
    return Step::kIncomplete;
  }

  /// The line up to `next` is well formed: takes it if it kept its allowance.
  [[nodiscard]] bool take(Allowance allowed, const char* next) noexcept {
    if (static_cast<std::size_t>(next - line) > allowed.bytes) {
      error = allowed.error;
      return false;
    }
    line = next;
    return true;
  }
};

[[nodiscard]] inline bool at_crlf(const char* p, const char* end) noexcept {
  return end - p >= 2 && p[0] == '\r' && p[1] == '\n';
}

/// Reads one field line (RFC 9112 section 5). Returns what follows its CRLF; nullptr if it is malformed or unfinished, and
/// then `error` holds what is wrong in case its LF is there.
[[nodiscard]] inline const char* read_field_line(const Lines& lines, Access::Entry& entry, Error& error) noexcept {
  const char* const line = lines.line;
  const char* const end = lines.end;
  const char* const colon = skip_token(lines.base, line, end);
  if (colon == end || *colon != ':' || colon == line) {
    error = line != end && (*line == ' ' || *line == '\t') ? Error::kObsoleteFold : Error::kBadFieldName;
    return nullptr;
  }
  const char* value = colon + 1;
  while (value != end && (*value == ' ' || *value == '\t')) ++value;
  const char* const stop = skip_value(lines.base, value, end);
  if (!at_crlf(stop, end)) {
    error = Error::kBadFieldValue;
    return nullptr;
  }
  const char* last = stop;
  while (last != value && (last[-1] == ' ' || last[-1] == '\t')) --last;
  entry = {static_cast<std::uint32_t>(line - lines.base), static_cast<std::uint32_t>(colon - line),
           static_cast<std::uint32_t>(value - lines.base), static_cast<std::uint32_t>(last - value)};
  return stop + 2;
}

}  // namespace torc::codec::http1::detail
