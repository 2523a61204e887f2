// Conditional requests: entity tags, and the decision whether a request proceeds (RFC 9110 §8.8 and §13).
//
// Used by the directory handler and by handlers that version what they serve. Pure functions on field values as received;
// any thread, no clock. A field sent in several lines is to be joined by ", " first (`Headers::joined`).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace torc::http {

/// An entity tag. Strong: the bytes are equal. Weak: the meaning is.
struct ETag {
  std::string opaque;  ///< what stands between the quotes
  bool weak = false;

  /// The field value: `"opaque"` or `W/"opaque"`.
  std::string str() const;

  /// Parses exactly one entity-tag (RFC 9110 §8.8.3). Errors: nullopt.
  static std::optional<ETag> parse(std::string_view text);

  friend bool operator==(const ETag&, const ETag&) = default;
};

/// RFC 9110 §8.8.3.2: equal opaque parts, and neither is weak. For If-Match and If-Range.
bool strong_match(const ETag& a, const ETag& b);

/// RFC 9110 §8.8.3.2: equal opaque parts. For If-None-Match.
bool weak_match(const ETag& a, const ETag& b);

/// The tag of a file as fstat describes it: changes whenever one of the three does.
///
/// Size and a 64-bit mix of the rest, so that the inode number is not told to the world. Strong only as far as the file
/// system's clock is fine enough to tell two writes apart; pass `weak` for a representation coded on the fly (gzip).
ETag make_etag(std::uint64_t size, std::int64_t modified_ns, std::uint64_t inode, bool weak = false);

/// What a request stipulates, each the value of the field of that name; nullopt when the field is absent.
struct Conditions {
  std::optional<std::string_view> if_match = std::nullopt;
  std::optional<std::string_view> if_none_match = std::nullopt;
  std::optional<std::string_view> if_modified_since = std::nullopt;
  std::optional<std::string_view> if_unmodified_since = std::nullopt;
  std::optional<std::string_view> if_range = std::nullopt;
};

/// What the server knows of the representation it would answer with.
struct Validators {
  bool exists = true;  ///< false: there is none yet (a PUT that creates)
  std::optional<ETag> etag = std::nullopt;  ///< as it will be sent
  std::optional<std::int64_t> last_modified = std::nullopt;  ///< unix seconds, as it will be sent
};

enum class Precondition : std::uint8_t {
  kProceed,  ///< do what the method says
  kNotModified,  ///< answer 304 with ETag, Last-Modified, Cache-Control, Expires, Vary as a 200 would have them
  kPreconditionFailed,  ///< answer 412, and change nothing
};

/// Evaluates the preconditions in the order of RFC 9110 §13.2.2: If-Match, else If-Unmodified-Since; then If-None-Match, else
/// If-Modified-Since (for GET and HEAD only).
///
/// Call it only when the answer without conditions would be 2xx, and before the method's work is done; not for CONNECT,
/// OPTIONS and TRACE. A malformed date is no condition; a malformed tag list matches nothing, so that a malformed If-Match
/// refuses the change it was meant to guard. Takes no memory, however long the list.
Precondition evaluate(std::string_view method, const Conditions& conditions, const Validators& current);

/// Whether a Range field may be honoured (RFC 9110 §13.1.5, §14.2): the method is GET and If-Range is absent or names exactly
/// the current representation, by a strong tag or by its very Last-Modified. When false, answer 200 with everything.
bool honours_range(std::string_view method, const Conditions& conditions, const Validators& current);

}  // namespace torc::http
