// Range requests for one range of bytes (RFC 9110 §14).
//
// Used by the directory handler. Call `parse_range` only when `honours_range` (validators.hpp) allows it. A request for
// several ranges is answered with the whole representation, as the RFC permits: multipart/byteranges serves nobody but those
// who ask for ten thousand overlapping ranges. Nothing here takes memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace torc::http {

/// How to answer a request that has a Range field.
struct Range {
  enum class Kind : std::uint8_t {
    kFull,  ///< 200 with everything: the field is malformed, in another unit, or names several ranges
    kPartial,  ///< 206 with the bytes `first` to `last`, and `content_range`
    kUnsatisfiable,  ///< 416, and `unsatisfied_content_range`
  };

  Kind kind = Kind::kFull;
  std::uint64_t first = 0;  ///< for kPartial: offset of the first byte
  std::uint64_t last = 0;  ///< for kPartial: offset of the last byte, below the size

  /// The Content-Length of a kPartial answer; never 0.
  std::uint64_t length() const { return last - first + 1; }

  friend bool operator==(const Range&, const Range&) = default;
};

/// Reads a Range field for a representation of `size` bytes: `bytes=0-499`, `bytes=500-`, `bytes=-500`.
///
/// A last position beyond the end is moved to the end; numbers of any length count as "beyond". Nothing of an empty
/// representation can be had by position (416), while its last n bytes are all of it (200).
Range parse_range(std::string_view value, std::uint64_t size);

/// The Content-Range of a 206: `bytes 0-499/1234`.
std::string content_range(const Range& range, std::uint64_t size);

/// The Content-Range of a 416: `bytes */1234`.
std::string unsatisfied_content_range(std::uint64_t size);

}  // namespace torc::http
