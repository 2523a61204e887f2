#include "codec/http1_framing.hpp"

#include <algorithm>

namespace torc::codec::http1::detail {

namespace {

// Takes the first element of a comma-separated list off its front.
std::string_view take_element(std::string_view& list) noexcept {
  const std::size_t comma = std::min(list.find(','), list.size());
  const std::string_view element = trim(list.substr(0, comma));
  list.remove_prefix(std::min(comma + 1, list.size()));
  return element;
}

// In lower case; sorted by nothing, looked at only for messages with trailers.
constexpr std::string_view kForbidden[] = {
    "transfer-encoding",
    "content-length",
    "host",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "keep-alive",
    "proxy-connection",
    "expect",
    "max-forwards",
    "range",
    "cache-control",
    "pragma",
    "authorization",
    "proxy-authorization",
    "authentication-info",
    "proxy-authentication-info",
    "www-authenticate",
    "proxy-authenticate",
    "cookie",
    "set-cookie",
    "age",
    "expires",
    "location",
    "retry-after",
    "vary",
    "content-type",
    "content-encoding",
    "content-range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "if-range",
};

}  // namespace

bool parse_content_length(std::string_view value, std::uint64_t& length) noexcept {
  if (value.empty()) return false;
  std::uint64_t sum = 0;
  for (char c : value) {
    if (!is(kDigitByte, c)) return false;
    const auto digit = static_cast<unsigned>(c - '0');
    if (sum > (UINT64_MAX - digit) / 10) return false;
    sum = sum * 10 + digit;
  }
  length = sum;
  return true;
}

Error check_transfer_encoding(std::string_view value) noexcept {
  if (iequals(value, "chunked")) return Error::kNone;
  int chunked = 0;
  bool last_is_chunked = false;
  while (true) {
    const bool more = value.find(',') != std::string_view::npos;
    const std::string_view coding = take_element(value);
    if (coding.empty() || !all_of(kTokenByte, coding)) return Error::kBadTransferEncoding;
    last_is_chunked = iequals(coding, "chunked");
    chunked += last_is_chunked;
    if (!more) break;
  }
  return last_is_chunked && chunked == 1 ? Error::kUnsupportedCoding : Error::kBadTransferEncoding;
}

ConnectionOptions parse_connection(std::string_view value) noexcept {
  ConnectionOptions options;
  while (!value.empty()) {
    const std::string_view option = take_element(value);
    options.close |= iequals(option, "close");
    options.keep_alive |= iequals(option, "keep-alive");
    options.upgrade |= iequals(option, "upgrade");
  }
  return options;
}

bool forbidden_in_trailers(std::string_view name) noexcept {
  return std::ranges::any_of(kForbidden, [&](std::string_view forbidden) { return iequals(name, forbidden); });
}

}  // namespace torc::codec::http1::detail
