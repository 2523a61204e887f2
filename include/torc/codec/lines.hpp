// LineReader: lines out of bytes that arrive in any pieces, and raw bytes between them.
//
//   codec::LineReader reader({.max_length = 512});
//   while (true) switch (reader.next(input)) {
//     case Framed::kFrame:    obey(reader.frame()); break;     // without its delimiter; a view until the next call
//     case Framed::kTooLong:  say("500 line too long"); break; // the rest of that line is passed over
//     case Framed::kRaw:      store(reader.frame()); break;    // after read_raw()
//     default:                return;                          // come back with more
//   }
//
// A line is too long as soon as `max_length` bytes and a delimiter's worth have come without the delimiter; no more than
// that is ever held.
#pragma once

#include <torc/codec/framing.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace torc::codec {

struct LineFormat {
  /// What ends a line; at least a byte.
  std::string delimiter = "\r\n";
  /// Bytes of a line, without its delimiter.
  std::size_t max_length = 16 * 1024;
  /// With the delimiter "\n": a CR before it is taken off.
  bool trim_cr = false;

  /// Whether `line`, sent with the delimiter behind it, is one line to whoever reads it: the delimiter is not in it, and
  /// neither CR nor LF when that is made of them, because some readers take either alone for an end.
  bool can_carry(std::string_view line) const noexcept;

  /// Lines as people and most tools send them: ended by LF or CR LF.
  static LineFormat lf(std::size_t max_length = 16 * 1024) { return {"\n", max_length, true}; }
};

class LineReader {
 public:
  static constexpr std::uint64_t kUntilTold = std::numeric_limits<std::uint64_t>::max();

  /// An empty delimiter is a programming error.
  explicit LineReader(LineFormat format = {});

  Framed next(std::string_view& input);
  /// After kFrame or kRaw, until the next call of next().
  std::string_view frame() const noexcept { return frame_; }

  /// What follows the last line is raw: `count` bytes, after which lines come again, or all until read_lines().
  void read_raw(std::uint64_t count = kUntilTold) noexcept { raw_ = count; }
  void read_lines() noexcept { raw_ = 0; }
  /// Raw bytes that are still to come.
  std::uint64_t raw_left() const noexcept { return raw_; }

  /// True when a line has begun and not ended.
  bool partial() const noexcept { return skipping_ || (!spent_ && !kept_.empty()); }
  const LineFormat& format() const noexcept { return format_; }

 private:
  std::size_t end_of_line(std::string_view input) const;
  bool take_line(std::string_view& input);
  bool skip_line(std::string_view& input);

  LineFormat format_;
  std::uint64_t raw_ = 0;
  std::string kept_;  // a line whose end has not come, bounded by the limit; while skipping, what may begin a delimiter
  std::string_view frame_;
  bool spent_ = false;     // kept_ has been given as a frame
  bool skipping_ = false;  // inside a line that was too long
};

}  // namespace torc::codec
