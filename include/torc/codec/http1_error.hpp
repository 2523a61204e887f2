/// Why an HTTP/1 message was refused, on the way in or on the way out.
///
/// Used by the parsers and the writers; a server turns it into the status of its last response (`status_for`) and into a
/// log line (`describe`). Input is refused, never repaired: after any of these the connection has to be closed, because
/// the end of the message is not known.
#pragma once

#include <cstdint>
#include <string_view>

namespace torc::codec::http1 {

enum class Error : std::uint8_t {
  kNone,

  // start lines (RFC 9112 sections 3 and 4)
  kBadMethod,  ///< a byte that is no token character before the first space
  kMethodTooLong,  ///< longer than kMaxMethod bytes
  kBadTarget,  ///< empty, control, space, '#', non-ASCII, or a form this method may not use
  kBadVersion,  ///< not "HTTP/" digit "." digit directly before CRLF
  kUnsupportedVersion,  ///< well formed, but neither HTTP/1.0 nor HTTP/1.1
  kBadStatusLine,  ///< not version, space, three digits, and an optional reason
  kBadStatus,  ///< outside 100..599
  kBadReason,  ///< a control byte in the reason phrase
  kStartLineTooLong,

  // field lines (RFC 9112 section 5)
  kBadFieldName,  ///< empty, no token, or white space before the colon
  kObsoleteFold,  ///< a line that begins with a space or a tab
  kBadFieldValue,  ///< a control byte, among them NUL, bare CR and bare LF
  kFieldLineTooLong,
  kHeadTooLarge,
  kTooManyFields,
  kMissingHost,
  kDuplicateHost,
  kBadHost,

  // framing (RFC 9112 section 6)
  kBadContentLength,  ///< not digits, a list, or above 2^64 - 1
  kDuplicateContentLength,  ///< refused even if the values agree
  kLengthAndCoding,  ///< Content-Length and Transfer-Encoding in one message
  kBadTransferEncoding,  ///< not ending in chunked, chunked twice, or no list of codings
  kUnsupportedCoding,  ///< a coding other than chunked below a final chunked
  kTransferEncodingInHttp10,  ///< HTTP/1.0 knows no transfer codings

  // chunked coding (RFC 9112 section 7)
  kBadChunkSize,  ///< no digit, a sign, a space, "0x", or more than 16 digits
  kBadChunkExtension,  ///< outside the grammar of section 7.1.1
  kBadChunkEnd,  ///< chunk data not followed by CRLF, or a size line not ended by CRLF
  kChunkLineTooLong,
  kTrailersTooLarge,
  kForbiddenTrailer,  ///< a field that decides framing, routing, authority or content format (RFC 9110 section 6.5.1)

  // the message as a whole
  kBodyTooLarge,
  kTruncated,  ///< the connection ended inside a message
  kNoResponse,  ///< the connection ended before the first byte of an awaited response
  kUnsolicitedResponse,  ///< bytes from a server while no request was open
};

/// The status a server answers with: 400, 413, 414, 431, 501 or 505; 502, a gateway's answer, for what only a response can
/// get wrong; 200 for kNone.
[[nodiscard]] int status_for(Error error) noexcept;

/// One sentence without a full stop, for logs: "the Content-Length is not a decimal number". Static storage.
[[nodiscard]] std::string_view describe(Error error) noexcept;

}  // namespace torc::codec::http1
