/// Writes HTTP/1.0 and HTTP/1.1 messages (RFC 9112) onto the end of a string.
///
/// Used by servers and clients; the caller owns the string and hands it to a transport. Output is checked like input: a
/// method, target, reason, name or value with a byte that does not belong there, and fields that contradict each other about
/// framing, are an Error, and then nothing has been appended. What these functions write, the parsers accept.
///
/// The fields decide the framing, nothing is added silently: give `Content-Length`, or `Transfer-Encoding: chunked` and write
/// the content with `write_chunk_header`, or for a response neither and close the connection behind the content.
#pragma once

#include <torc/codec/http1_error.hpp>
#include <torc/codec/http1_fields.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace torc::codec::http1 {

/// "Not Found" for 404; "Unknown" for a status nobody registered.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// Appends a request line, `fields` and the empty line (sections 3 and 5).
/// Errors: kBadMethod, kMethodTooLong, kBadTarget, kUnsupportedVersion (minor is not 0 or 1), kMissingHost (HTTP/1.1 needs
/// exactly one), kDuplicateHost, kBadHost, and those of `write_fields`.
[[nodiscard]] Error write_request_head(std::string& out, std::string_view method, std::string_view target,
                                       std::span<const Field> fields, int minor_version = 1);
[[nodiscard]] Error write_request_head(std::string& out, std::string_view method, std::string_view target,
                                       const Fields& fields, int minor_version = 1);

/// Appends a status line with the registered reason, `fields` and the empty line (sections 4 and 5).
/// Errors: kBadStatus (not 100..599), kUnsupportedVersion, and those of `write_fields`.
[[nodiscard]] Error write_response_head(std::string& out, int status, std::span<const Field> fields,
                                        int minor_version = 1);
[[nodiscard]] Error write_response_head(std::string& out, int status, const Fields& fields, int minor_version = 1);

/// Appends a status line only, for heads that are put together piece by piece: status line, fields, `write_end_of_head`.
/// The empty `reason` stands for the registered one. Errors: kBadStatus, kBadReason, kUnsupportedVersion.
[[nodiscard]] Error write_status_line(std::string& out, int status, std::string_view reason = {},
                                      int minor_version = 1);

/// Appends "name: value" CRLF. Errors: kBadFieldName, kBadFieldValue. White space around the value is written as it is and
/// will not be seen by the recipient. Sees only this field; contradictions between fields are the caller's to avoid.
[[nodiscard]] Error write_field(std::string& out, std::string_view name, std::string_view value);

/// Appends "Content-Length: n" CRLF.
void write_content_length(std::string& out, std::uint64_t bytes);

/// Appends field lines without an empty line. Errors: kBadFieldName, kBadFieldValue; and about framing kBadContentLength,
/// kDuplicateContentLength, kLengthAndCoding, kBadTransferEncoding (anything but one `chunked`).
[[nodiscard]] Error write_fields(std::string& out, std::span<const Field> fields);
[[nodiscard]] Error write_fields(std::string& out, const Fields& fields);

/// Appends the empty line that ends a head.
inline void write_end_of_head(std::string& out) { out.append("\r\n", 2); }

/// Appends the size line of a chunk of `size` bytes (section 7.1); the data and `write_chunk_end` follow. Chunks of no
/// bytes would end the content: for `size` 0 nothing is appended and `write_chunk_end` must not be called; it says false.
bool write_chunk_header(std::string& out, std::uint64_t size);

/// Appends the CRLF behind the data of a chunk.
inline void write_chunk_end(std::string& out) { out.append("\r\n", 2); }

/// Appends the last chunk, `trailers` and the empty line that end chunked content.
/// Errors: kBadFieldName, kBadFieldValue, kForbiddenTrailer.
[[nodiscard]] Error write_last_chunk(std::string& out, std::span<const Field> trailers = {});
[[nodiscard]] Error write_last_chunk(std::string& out, const Fields& trailers);

}  // namespace torc::codec::http1
