/// Fields that decide about a message itself: which they are, and what their values say.
///
/// Used by the parsers on the way in and by the writers on the way out, so that both hold the same to be valid.
#pragma once

#include "codec/http1_chars.hpp"

#include <torc/codec/http1_error.hpp>

#include <cstdint>
#include <string_view>

namespace torc::codec::http1::detail {

enum class Known : std::uint8_t { kOther, kHost, kExpect, kUpgrade, kConnection, kContentLength, kTransferEncoding };

/// `name` is a token. The length alone sends most names away.
[[nodiscard]] inline Known classify(std::string_view name) noexcept {
  switch (name.size()) {
    case 4: return token_is(name, "host") ? Known::kHost : Known::kOther;
    case 6: return token_is(name, "expect") ? Known::kExpect : Known::kOther;
    case 7: return token_is(name, "upgrade") ? Known::kUpgrade : Known::kOther;
    case 10: return token_is(name, "connection") ? Known::kConnection : Known::kOther;
    case 14: return token_is(name, "content-length") ? Known::kContentLength : Known::kOther;
    case 17: return token_is(name, "transfer-encoding") ? Known::kTransferEncoding : Known::kOther;
    default: return Known::kOther;
  }
}

/// Digits only, below 2^64 (RFC 9110 section 8.6). False: anything else, a list among them.
[[nodiscard]] bool parse_content_length(std::string_view value, std::uint64_t& length) noexcept;

/// kNone for `chunked` in any case, else why not: kUnsupportedCoding where another coding precedes a final chunked,
/// kBadTransferEncoding otherwise (RFC 9112 section 6.1).
[[nodiscard]] Error check_transfer_encoding(std::string_view value) noexcept;

/// What the tokens of a Connection field ask for (RFC 9112 section 9.3, RFC 9110 section 7.6.1).
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
};
[[nodiscard]] ConnectionOptions parse_connection(std::string_view value) noexcept;

/// Fields that may not come after the content (RFC 9110 section 6.5.1), because a recipient has acted on the head by then:
/// framing, routing, request modifiers, authentication, response control and content format. `name` is a token.
[[nodiscard]] bool forbidden_in_trailers(std::string_view name) noexcept;

}  // namespace torc::codec::http1::detail
