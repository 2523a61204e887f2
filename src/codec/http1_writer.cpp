// Each writer looks at everything first and adds up the size, then grows the string once and copies.
#include <torc/codec/http1_writer.hpp>

#include "codec/http1_chars.hpp"
#include "codec/http1_framing.hpp"
#include "codec/http1_status_line.hpp"
#include "codec/http1_target.hpp"

#include <torc/codec/http1_limits.hpp>

#include <cstring>

namespace torc::codec::http1 {

namespace {

using namespace detail;

constexpr std::size_t kFieldExtra = 4;  // ": " and CRLF

char* put(char* to, std::string_view text) noexcept {
  if (!text.empty()) std::memcpy(to, text.data(), text.size());  // an empty view may have no address
  return to + text.size();
}

char* put_field(char* to, const Field& field) noexcept {
  to = put(to, field.name);
  *to++ = ':';
  *to++ = ' ';
  to = put(to, field.value);
  *to++ = '\r';
  *to++ = '\n';
  return to;
}

// Grows `out` by `size` bytes, which `fill(char*)` writes. libstdc++ 12 may tell the operation a size above the one asked
// for, so that one is not used.
template <class Fill>
void extend(std::string& out, std::size_t size, Fill fill) {
  const std::size_t before = out.size();
  out.resize_and_overwrite(before + size, [&](char* bytes, std::size_t) {
    fill(bytes + before);
    return before + size;
  });
}

// What is known of a section's fields after one look at each.
struct Survey {
  bool request = false;  ///< only there is Host a field with a meaning
  std::size_t size = 0;
  unsigned hosts = 0;
  bool length = false;
  bool chunked = false;

  // Fields keeps its names and values valid by itself; loose ones are looked at here.
  Error add(Field field, bool check) noexcept {
    if (check) {
      if (!is_token(field.name)) return Error::kBadFieldName;
      if (!is_value(field.value)) return Error::kBadFieldValue;
    }
    size += field.name.size() + field.value.size() + kFieldExtra;
    switch (classify(field.name)) {
      case Known::kHost:
        if (!request) return Error::kNone;
        if (++hosts > 1) return Error::kDuplicateHost;
        return valid_host(trim(field.value)) ? Error::kNone : Error::kBadHost;
      case Known::kContentLength: {
        std::uint64_t ignored = 0;
        if (!parse_content_length(trim(field.value), ignored)) return Error::kBadContentLength;
        if (length) return Error::kDuplicateContentLength;
        length = true;
        return chunked ? Error::kLengthAndCoding : Error::kNone;
      }
      case Known::kTransferEncoding:
        if (chunked || !iequals(trim(field.value), "chunked")) return Error::kBadTransferEncoding;
        chunked = true;
        return length ? Error::kLengthAndCoding : Error::kNone;
      default: return Error::kNone;
    }
  }
};

Error survey(std::span<const Field> fields, Survey& found) noexcept {
  for (const Field& field : fields)
    if (const Error error = found.add(field, true); error != Error::kNone) return error;
  return Error::kNone;
}

Error survey(const Fields& fields, Survey& found) noexcept {
  for (const Field field : fields)
    if (const Error error = found.add(field, false); error != Error::kNone) return error;
  return Error::kNone;
}

template <class Range>
Error request_head(std::string& out, std::string_view method, std::string_view target, const Range& fields, int minor) {
  if (!is_token(method)) return Error::kBadMethod;
  if (method.size() > kMaxMethod) return Error::kMethodTooLong;
  if (!valid_target(method, target)) return Error::kBadTarget;
  if (minor != 0 && minor != 1) return Error::kUnsupportedVersion;
  Survey found{.request = true};
  if (const Error error = survey(fields, found); error != Error::kNone) return error;
  if (minor == 1 && found.hosts == 0) return Error::kMissingHost;
  if (minor == 0 && found.chunked) return Error::kTransferEncodingInHttp10;
  extend(out, method.size() + 1 + target.size() + 11 + found.size + 2, [&](char* to) {
    to = put(to, method);
    *to++ = ' ';
    to = put(to, target);
    to = put(to, minor == 1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
    for (const Field& field : fields) to = put_field(to, field);
    put(to, "\r\n");
  });
  return Error::kNone;
}

// "HTTP/1.1 299 Unknown\r\n" for those without a line of their own.
std::string_view line_for(int status, char (&space)[32]) noexcept {
  if (const std::string_view line = status_line(status); !line.empty()) return line;
  std::memcpy(space, "HTTP/1.1 000 Unknown\r\n", 22);
  space[9] = static_cast<char>('0' + status / 100);
  space[10] = static_cast<char>('0' + status / 10 % 10);
  space[11] = static_cast<char>('0' + status % 10);
  return {space, 22};
}

Error check_status(int status, int minor) noexcept {
  if (status < 100 || status > 599) return Error::kBadStatus;
  return minor == 0 || minor == 1 ? Error::kNone : Error::kUnsupportedVersion;
}

template <class Range>
Error response_head(std::string& out, int status, const Range& fields, int minor) {
  if (const Error error = check_status(status, minor); error != Error::kNone) return error;
  Survey found;
  if (const Error error = survey(fields, found); error != Error::kNone) return error;
  if (minor == 0 && found.chunked) return Error::kTransferEncodingInHttp10;
  char space[32];
  const std::string_view line = line_for(status, space);
  extend(out, line.size() + found.size + 2, [&](char* to) {
    char* next = put(to, line);
    to[7] = static_cast<char>('0' + minor);
    for (const Field& field : fields) next = put_field(next, field);
    put(next, "\r\n");
  });
  return Error::kNone;
}

template <class Range>
Error field_lines(std::string& out, const Range& fields) {
  Survey found;
  if (const Error error = survey(fields, found); error != Error::kNone) return error;
  extend(out, found.size, [&](char* to) {
    for (const Field& field : fields) to = put_field(to, field);
  });
  return Error::kNone;
}

template <class Range>
Error last_chunk(std::string& out, const Range& trailers, bool check) {
  std::size_t size = 5;
  for (const Field& field : trailers) {
    if (check && !is_token(field.name)) return Error::kBadFieldName;
    if (check && !is_value(field.value)) return Error::kBadFieldValue;
    if (forbidden_in_trailers(field.name)) return Error::kForbiddenTrailer;
    size += field.name.size() + field.value.size() + kFieldExtra;
  }
  extend(out, size, [&](char* to) {
    to = put(to, "0\r\n");
    for (const Field& field : trailers) to = put_field(to, field);
    put(to, "\r\n");
  });
  return Error::kNone;
}

}  // namespace

Error write_request_head(std::string& out, std::string_view method, std::string_view target,
                         std::span<const Field> fields, int minor_version) {
  return request_head(out, method, target, fields, minor_version);
}

Error write_request_head(std::string& out, std::string_view method, std::string_view target, const Fields& fields,
                         int minor_version) {
  return request_head(out, method, target, fields, minor_version);
}

Error write_response_head(std::string& out, int status, std::span<const Field> fields, int minor_version) {
  return response_head(out, status, fields, minor_version);
}

Error write_response_head(std::string& out, int status, const Fields& fields, int minor_version) {
  return response_head(out, status, fields, minor_version);
}

Error write_status_line(std::string& out, int status, std::string_view reason, int minor_version) {
  if (const Error error = check_status(status, minor_version); error != Error::kNone) return error;
  if (!is_value(reason)) return Error::kBadReason;
  char space[32];
  std::string_view line = line_for(status, space);
  if (!reason.empty()) line = line.substr(0, 13);
  extend(out, line.size() + (reason.empty() ? 0 : reason.size() + 2), [&](char* to) {
    char* const next = put(to, line);
    to[7] = static_cast<char>('0' + minor_version);
    if (!reason.empty()) put(put(next, reason), "\r\n");
  });
  return Error::kNone;
}

Error write_field(std::string& out, std::string_view name, std::string_view value) {
  if (!is_token(name)) return Error::kBadFieldName;
  if (!is_value(value)) return Error::kBadFieldValue;
  extend(out, name.size() + value.size() + kFieldExtra, [&](char* to) { put_field(to, {name, value}); });
  return Error::kNone;
}

void write_content_length(std::string& out, std::uint64_t bytes) {
  char digits[20];
  char* first = digits + sizeof digits;
  do *--first = static_cast<char>('0' + bytes % 10);
  while ((bytes /= 10) != 0);
  const std::string_view value(first, static_cast<std::size_t>(digits + sizeof digits - first));
  extend(out, 14 + kFieldExtra + value.size(), [&](char* to) { put_field(to, {"Content-Length", value}); });
}

Error write_fields(std::string& out, std::span<const Field> fields) { return field_lines(out, fields); }
Error write_fields(std::string& out, const Fields& fields) { return field_lines(out, fields); }

bool write_chunk_header(std::string& out, std::uint64_t size) {
  if (size == 0) return false;
  char line[18];
  char* first = line + 16;
  line[16] = '\r';
  line[17] = '\n';
  for (; size != 0; size >>= 4) *--first = "0123456789abcdef"[size & 15];
  out.append(first, static_cast<std::size_t>(line + sizeof line - first));
  return true;
}

Error write_last_chunk(std::string& out, std::span<const Field> trailers) { return last_chunk(out, trailers, true); }
Error write_last_chunk(std::string& out, const Fields& trailers) { return last_chunk(out, trailers, false); }

}  // namespace torc::codec::http1
