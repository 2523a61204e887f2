// LineProtocol: a protocol of lines, with raw bytes between them where it says so.
//
//   class Upper : public torc::framing::LineProtocol {
//     void line_received(std::string_view line) override { ... send_line(answer).value(); }
//   };
#pragma once

#include <torc/base/outcome.hpp>
#include <torc/codec/lines.hpp>
#include <torc/framing/framed_protocol.hpp>

#include <cstdint>
#include <string_view>
#include <utility>

namespace torc::framing {

class LineProtocol : public FramedProtocol {
 public:
  static constexpr std::uint64_t kUntilTold = codec::LineReader::kUntilTold;

  explicit LineProtocol(codec::LineFormat format = {}) : reader_(std::move(format)) {}

  /// A line came, without its delimiter; valid during the call only.
  virtual void line_received(std::string_view line) = 0;
  /// Raw bytes came, at least one. `left` more are to come; after the last, lines come again.
  virtual void raw_received(std::string_view data, std::uint64_t left) {
    static_cast<void>(data);
    static_cast<void>(left);
  }
  /// A line is longer than the limit. The default aborts the connection; without that the rest of the line is passed over.
  virtual void line_too_long() { transport().abort(); }

  /// What follows is raw: `count` bytes, or all until read_lines().
  void read_raw(std::uint64_t count = kUntilTold) noexcept { reader_.read_raw(count); }
  void read_lines() noexcept { reader_.read_lines(); }

  /// Sends `line` and the delimiter. Fails with FramingError, and sends nothing, when it would not be one line.
  Outcome<void> send_line(std::string_view line);

  /// True when a line has begun and not ended; at the end of the connection that says it was cut.
  bool partial() const noexcept { return reader_.partial(); }

 private:
  bool take(std::string_view& input) override;

  codec::LineReader reader_;
};

}  // namespace torc::framing
