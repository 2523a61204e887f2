// What the readers of lines, prefixed strings and netstrings share: what they say, and how they collect bytes.
//
// All are pulled as the HTTP parsers are: next(input) takes bytes from the front of `input` and says what they made. The
// verdict on a stream of bytes does not depend on how it was cut into inputs. They own no socket and no clock. What
// lies in one input is not copied; between frames they hold no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace torc::codec {

enum class Framed : std::uint8_t {
  kNeedMore,   ///< all of the input is taken and completes nothing
  kFrame,      ///< frame() has a line or a string
  kRaw,        ///< frame() has bytes that belong to no line, at least one (LineReader::read_raw)
  kTooLong,    ///< a frame is longer than the limit; whoever goes on is spared the rest of it
  kMalformed,  ///< not in the format at all; every further call says the same
};

/// Collects a number of bytes that is known before.
class ByteCollector {
 public:
  /// The next `count` bytes are wanted. Memory is taken as they come.
  void expect(std::uint64_t count) noexcept {
    missing_ = count;
    release();
  }
  /// The next `count` bytes are passed over.
  void skip(std::uint64_t count) noexcept {
    expect(count);
    skipping_ = true;
  }
  /// Takes what it wants from the front of `input`; true when all of it has come.
  bool take(std::string_view& input);
  /// Once take() gave true: the bytes, until the next call of anything here. None when they were passed over.
  std::string_view bytes() const noexcept { return bytes_; }
  bool skipping() const noexcept { return skipping_; }

 private:
  void release() noexcept {
    bytes_ = {};
    skipping_ = false;
    std::string().swap(collected_);
  }

  std::uint64_t missing_ = 0;
  std::string collected_;  // empty while all that is wanted may lie in one input
  std::string_view bytes_;
  bool skipping_ = false;
};

}  // namespace torc::codec
