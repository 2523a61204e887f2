/// The lines of a head, taken one after the other: start line, field lines, empty line.
///
/// Used by RequestParser and ResponseParser, both for heads that lie whole in the input and for heads collected in pieces.
/// Positions are stored relative to `lines.base`, whose bytes become the head's block.
#pragma once

#include "codec/http1_lines.hpp"

#include <torc/codec/http1_limits.hpp>

namespace torc::codec::http1::detail {

/// The allowance of the line that begins `offset` bytes into a head.
[[nodiscard]] inline Allowance head_line_allowance(const Limits& limits, std::size_t offset) noexcept {
  return offset == 0
             ? allowance(limits.request_line, Error::kStartLineTooLong, limits.header_bytes, Error::kHeadTooLarge, 0)
             : allowance(limits.header_line, Error::kFieldLineTooLong, limits.header_bytes, Error::kHeadTooLarge,
                         offset);
}

/// Takes as many whole lines as there are. kComplete: `lines.line` is behind the empty line. kIncomplete: it is at the
/// first byte of the unfinished line; call again with the same head and more bytes. kFailed: `lines.error` says why.
[[nodiscard]] Step take_head_lines(Lines& lines, const Limits& limits, RequestHead& head);
[[nodiscard]] Step take_head_lines(Lines& lines, const Limits& limits, ResponseHead& head);

/// What can be said about the first bytes of a start line before its LF is there: a method with a bad byte is refused at
/// once, which tells a TLS client that it came to the wrong port. kNone: nothing wrong so far.
[[nodiscard]] Error check_method_prefix(std::string_view bytes) noexcept;

}  // namespace torc::codec::http1::detail
