#include "codec/http1_head_lines.hpp"

#include "codec/http1_framing.hpp"
#include "codec/http1_target.hpp"

#include <algorithm>

namespace torc::codec::http1::detail {

namespace {

constexpr std::size_t kVersionSize = 8;  // "HTTP/1.1"

// The minor version of the eight bytes at `p`, -1 if they are no supported version.
int supported_minor(const char* p) noexcept {
  if (std::memcmp(p, "HTTP/1.", 7) != 0 || (p[7] != '0' && p[7] != '1')) return -1;
  return p[7] - '0';
}

// Why the bytes at `p` are no supported version; looks no further than the first byte that is out of place.
Error version_error(const char* p, const char* end) noexcept {
  constexpr std::string_view kShape = "HTTP/0.0";
  for (char shape : kShape) {
    if (p == end || (shape == '0' ? !is(kDigitByte, *p) : *p != shape)) return Error::kBadVersion;
    ++p;
  }
  return Error::kUnsupportedVersion;
}

// Method and target (RFC 9112 section 3). The method is judged byte by byte, before the line's LF is known of.
Step take_start_line(Lines& lines, const Limits& limits, RequestHead& head) {
  const Allowance allowed = head_line_allowance(limits, 0);
  const char* const line = lines.line;
  const auto window =
      std::min({static_cast<std::size_t>(lines.end - line), allowed.bytes, std::size_t{kMaxMethod} + 1});
  const char* const method_end = skip(kTokenByte, line, line + window);
  const auto method_size = static_cast<std::size_t>(method_end - line);
  if (method_size == window) {
    if (window > kMaxMethod) return lines.failed(Error::kMethodTooLong);
    return lines.settle(allowed, Error::kBadMethod);
  }
  if (*method_end != ' ' || method_size == 0) return lines.failed(Error::kBadMethod);

  const char* const target = method_end + 1;
  const char* const target_end = skip_target(line, target, lines.end);
  if (target_end == lines.end || *target_end != ' ' || target_end == target)
    return lines.settle(allowed, Error::kBadTarget);
  const std::string_view method_text(line, method_size);
  const std::string_view target_text(target, target_end);
  // All but "/..." goes to the full check; a path needs none beyond its bytes, except that CONNECT may not have one.
  if ((*target != '/' || method_text == "CONNECT") && !valid_target(method_text, target_text))
    return lines.settle(allowed, Error::kBadTarget);

  const char* const version = target_end + 1;
  if (lines.end - version < static_cast<std::ptrdiff_t>(kVersionSize + 2))
    return lines.settle(allowed, Error::kBadVersion);
  const int minor = supported_minor(version);
  if (!at_crlf(version + kVersionSize, lines.end)) return lines.settle(allowed, Error::kBadVersion);
  if (minor < 0) return lines.settle(allowed, version_error(version, lines.end));
  if (!lines.take(allowed, version + kVersionSize + 2)) return Step::kFailed;
  Access::set_request_line(head, method_size, target_text.size());
  Access::set_minor(head, static_cast<unsigned>(minor));
  return Step::kComplete;
}

// Version, status and reason (RFC 9112 section 4). "HTTP/1.1 200" without a space behind it is let through.
Step take_start_line(Lines& lines, const Limits& limits, ResponseHead& head) {
  const Allowance allowed = head_line_allowance(limits, 0);
  const char* const line = lines.line;
  constexpr std::size_t kDigits = kVersionSize + 1;
  constexpr std::size_t kReason = kDigits + 4;
  if (lines.end - line < static_cast<std::ptrdiff_t>(kDigits)) return lines.settle(allowed, Error::kBadStatusLine);
  const int minor = supported_minor(line);
  if (minor < 0) {
    const bool other = line[kVersionSize] == ' ' && version_error(line, lines.end) == Error::kUnsupportedVersion;
    return lines.settle(allowed, other ? Error::kUnsupportedVersion : Error::kBadStatusLine);
  }
  if (lines.end - line < static_cast<std::ptrdiff_t>(kDigits + 5)) return lines.settle(allowed, Error::kBadStatusLine);
  const char* const digits = line + kDigits;
  if (digits[-1] != ' ' || !is(kDigitByte, digits[0]) || !is(kDigitByte, digits[1]) || !is(kDigitByte, digits[2]))
    return lines.settle(allowed, Error::kBadStatusLine);
  const int status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  const char* reason = digits + 3;
  if (*reason == ' ')
    ++reason;
  else if (!at_crlf(reason, lines.end))
    return lines.settle(allowed, Error::kBadStatusLine);
  const char* const stop = skip_value(line, reason, lines.end);
  if (!at_crlf(stop, lines.end)) return lines.settle(allowed, Error::kBadReason);
  if (status < 100 || status > 599) return lines.settle(allowed, Error::kBadStatus);
  if (!lines.take(allowed, stop + 2)) return Step::kFailed;
  const bool has_reason = stop > line + kReason;
  Access::set_status_line(head, static_cast<unsigned>(status),
                          has_reason ? static_cast<std::size_t>(stop - (line + kReason)) : 0);
  Access::set_minor(head, static_cast<unsigned>(minor));
  return Step::kComplete;
}

// Fields that only a request's head takes notice of.
Error note_own_field(RequestHead& head, Known known, std::string_view value, std::size_t index) noexcept {
  if (known == Known::kHost) {
    if (Access::host_field(head) != 0) return Error::kDuplicateHost;
    if (!valid_host(value)) return Error::kBadHost;
    Access::host_field(head) = static_cast<std::uint16_t>(index + 1);
  } else if (known == Known::kExpect) {
    if (head.minor_version() == 1 && iequals(value, "100-continue")) Access::set_expect_continue(head, true);
  }
  return Error::kNone;
}

Error note_own_field(ResponseHead&, Known, std::string_view, std::size_t) noexcept { return Error::kNone; }

// What a field says about the message itself (RFC 9112 sections 6 and 9.3). Until the head is complete, the upgrade flag
// stands for the Connection option alone.
template <class AnyHead>
Error note_field(AnyHead& head, Known known, std::string_view value, std::size_t index) noexcept {
  switch (known) {
    case Known::kContentLength: {
      std::uint64_t length = 0;
      if (!parse_content_length(value, length)) return Error::kBadContentLength;
      if (head.content_length()) return Error::kDuplicateContentLength;
      if (head.framing() == Framing::kChunked) return Error::kLengthAndCoding;
      Access::set_length(head, length);
      Access::set_framing(head, Framing::kLength);
      return Error::kNone;
    }
    case Known::kTransferEncoding:
      if (head.minor_version() == 0) return Error::kTransferEncodingInHttp10;
      if (head.content_length()) return Error::kLengthAndCoding;
      if (head.framing() == Framing::kChunked) return Error::kBadTransferEncoding;
      if (const Error error = check_transfer_encoding(value); error != Error::kNone) return error;
      Access::set_framing(head, Framing::kChunked);
      return Error::kNone;
    case Known::kConnection: {
      const ConnectionOptions options = parse_connection(value);
      if (options.close) Access::set_close(head);
      if (options.keep_alive) Access::set_persist(head);
      if (options.upgrade) Access::set_upgrade(head, true);
      return Error::kNone;
    }
    default: return note_own_field(head, known, value, index);
  }
}

bool has_upgrade_field(const char* base, const std::vector<Access::Entry>& entries) noexcept {
  return std::ranges::any_of(
      entries, [&](const Access::Entry& e) { return classify({base + e.name, e.name_size}) == Known::kUpgrade; });
}

Error note_end(RequestHead& head) noexcept {
  if (head.minor_version() == 1 && Access::host_field(head) == 0) return Error::kMissingHost;
  return Error::kNone;
}

Error note_end(ResponseHead&) noexcept { return Error::kNone; }

template <class AnyHead>
Step take_lines(Lines& lines, const Limits& limits, AnyHead& head) {
  std::vector<Access::Entry>& entries = Access::entries(Access::fields(head));
  if (lines.line == lines.base) {
    if (const Step step = take_start_line(lines, limits, head); step != Step::kComplete) return step;
    if (entries.capacity() == 0) entries.reserve(std::min<std::size_t>(limits.header_count, 16));
  }
  while (true) {
    const Allowance allowed = head_line_allowance(limits, lines.offset());
    if (at_crlf(lines.line, lines.end)) {
      if (!lines.take(allowed, lines.line + 2)) return Step::kFailed;
      if (const Error error = note_end(head); error != Error::kNone) return lines.failed(error);
      if (head.upgrade())
        Access::set_upgrade(head, head.minor_version() == 1 && has_upgrade_field(lines.base, entries));
      return Step::kComplete;
    }
    if (entries.size() == limits.header_count) return lines.settle(allowed, Error::kTooManyFields);
    Access::Entry entry;
    Error error = Error::kNone;
    const char* const next = read_field_line(lines, entry, error);
    if (next == nullptr) return lines.settle(allowed, error);
    if (!lines.take(allowed, next)) return Step::kFailed;
    const std::string_view name(lines.base + entry.name, entry.name_size);
    if (const Known known = classify(name); known != Known::kOther) {
      const std::string_view value(lines.base + entry.value, entry.value_size);
      if (error = note_field(head, known, value, entries.size()); error != Error::kNone) return lines.failed(error);
    }
    entries.push_back(entry);
  }
}

}  // namespace

Step take_head_lines(Lines& lines, const Limits& limits, RequestHead& head) { return take_lines(lines, limits, head); }
Step take_head_lines(Lines& lines, const Limits& limits, ResponseHead& head) { return take_lines(lines, limits, head); }

Error check_method_prefix(std::string_view bytes) noexcept {
  const std::string_view prefix = bytes.substr(0, kMaxMethod + 1);
  const char* const stop = skip(kTokenByte, prefix.data(), prefix.data() + prefix.size());
  const auto size = static_cast<std::size_t>(stop - prefix.data());
  if (size < prefix.size()) return *stop == ' ' && size != 0 ? Error::kNone : Error::kBadMethod;
  return size > kMaxMethod ? Error::kMethodTooLong : Error::kNone;
}

}  // namespace torc::codec::http1::detail
