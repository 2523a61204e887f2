// PrefixedReader: strings that are sent behind their length, a number of 8, 16 or 32 bits in network order.
//
// Used as LineReader is (torc/codec/lines.hpp). The limit acts on the length that is announced, before memory is taken; a
// string that is too long is passed over by who goes on. Memory grows with what has come, never by what was announced.
#pragma once

#include <torc/codec/framing.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace torc::codec {

/// Bytes of the number in front of a string.
enum class Prefix : std::uint8_t { k8 = 1, k16 = 2, k32 = 4 };

/// The longest string that `prefix` can announce.
constexpr std::uint64_t max_length(Prefix prefix) noexcept {
  return (std::uint64_t{1} << (8 * static_cast<unsigned>(prefix))) - 1;
}

class PrefixedReader {
 public:
  explicit PrefixedReader(Prefix prefix, std::size_t limit = 64 * 1024) noexcept : limit_(limit), prefix_(prefix) {}

  Framed next(std::string_view& input);
  /// After kFrame: the string, until the next call of next().
  std::string_view frame() const noexcept { return collector_.bytes(); }
  /// The length of the string that was announced last.
  std::uint64_t announced() const noexcept { return announced_; }

  /// True when a string or its prefix has begun and not ended.
  bool partial() const noexcept { return prefix_bytes_ > 0; }
  Prefix prefix() const noexcept { return prefix_; }
  std::size_t limit() const noexcept { return limit_; }

 private:
  std::size_t limit_;
  std::uint64_t announced_ = 0;
  ByteCollector collector_;
  Prefix prefix_;
  std::uint8_t prefix_bytes_ = 0;  // of the prefix that have come; all of them: inside the string
};

/// The number that goes before a string of `length` bytes, in network order. A length it cannot hold is a programming
/// error.
std::string length_prefix(Prefix prefix, std::uint64_t length);

}  // namespace torc::codec
