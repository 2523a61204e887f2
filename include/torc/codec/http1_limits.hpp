/// What one HTTP/1 message may cost the side that reads it.
///
/// Used by RequestParser and ResponseParser, which keep a pointer to the caller's Limits: one object per server or client
/// configuration, alive as long as its parsers. Every limit is finite by default and acts before memory is taken: the
/// parser never stores a byte that lies behind a limit, it fails with the Error named beside the member.
#pragma once

#include <cstdint>

namespace torc::codec::http1 {

/// Lengths are in bytes. A line's length does not count its CRLF; a section's length counts everything in it.
struct Limits {
  /// Request line or status line: kStartLineTooLong, answered 414 (RFC 9112 section 3).
  std::uint32_t request_line = 8192;

  /// One field line, of the head or of the trailers: kFieldLineTooLong, 431.
  std::uint32_t header_line = 8192;

  /// The whole head, from the first byte of the start line to the empty line's LF: kHeadTooLarge, 431.
  std::uint32_t header_bytes = 65536;

  /// Field lines in the head, and again in the trailers: kTooManyFields, 431. It also bounds every search by name.
  std::uint16_t header_count = 100;

  /// A chunk-size line with its extensions, which are checked and ignored: kChunkLineTooLong, 400.
  std::uint32_t chunk_line = 256;

  /// The whole trailer section with its empty line: kTrailersTooLarge, 431.
  std::uint32_t trailer_bytes = 8192;

  /// Content after the transfer coding is removed: kBodyTooLarge, 413. The default of each message;
  /// `MessageParser::set_body_limit` changes it for one message, once its head is known. UINT64_MAX: no limit.
  std::uint64_t body = 8u << 20;
};

/// The longest method in bytes, not to be set: kMethodTooLong, 501. The longest registered one has 17.
inline constexpr std::uint32_t kMaxMethod = 32;

/// The limits of a parser that is given none.
inline constexpr Limits kDefaultLimits{};

}  // namespace torc::codec::http1
