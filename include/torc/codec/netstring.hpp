// NetstringReader: strings sent as "5:hello,", the length in decimal (D. J. Bernstein, "Netstrings", 1997).
//
// Used as LineReader is (torc/codec/lines.hpp). Strict: no sign, no leading zero but in "0:,". A length above the limit is
// kTooLong at the digit that makes it so; the rest of such a string cannot be passed over, so that is an end like
// kMalformed: every further call says the same.
#pragma once

#include <torc/codec/framing.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace torc::codec {

class NetstringReader {
 public:
  explicit NetstringReader(std::size_t limit = 64 * 1024) noexcept : limit_(limit) {}

  Framed next(std::string_view& input);
  /// After kFrame: the string, until the next call of next().
  std::string_view frame() const noexcept { return collector_.bytes().substr(0, length_); }

  /// True when a string or its length has begun and not ended.
  bool partial() const noexcept { return state_ != State::kStart && state_ != State::kBroken; }
  /// Inside a string: the bytes that belong to it, its comma included.
  std::uint64_t expected() const noexcept { return length_ + 1; }

 private:
  enum class State : std::uint8_t { kStart, kLength, kZero, kContent, kBroken };
  bool read_length(std::string_view& input) noexcept;

  std::uint64_t limit_;
  std::uint64_t length_ = 0;
  ByteCollector collector_;  // the string and its comma
  State state_ = State::kStart;
  Framed broken_ = Framed::kMalformed;
};

/// What goes before a netstring of `length` bytes; behind it goes a comma.
std::string netstring_prefix(std::uint64_t length);

}  // namespace torc::codec
