#include <torc/framing/line_protocol.hpp>

namespace torc::framing {

bool LineProtocol::take(std::string_view& input) {
  switch (reader_.next(input)) {
    case codec::Framed::kFrame:
      line_received(reader_.frame());
      return true;
    case codec::Framed::kRaw:
      raw_received(reader_.frame(), reader_.raw_left());
      return true;
    case codec::Framed::kTooLong:
      line_too_long();
      return true;
    default:
      return false;
  }
}

Outcome<void> LineProtocol::send_line(std::string_view line) {
  const codec::LineFormat& format = reader_.format();
  if (!format.can_carry(line)) return Failure(FramingError("a line to be sent has an end of line inside"));
  const auto cork = transport().cork();
  transport().write(line);
  transport().write(format.delimiter);
  return {};
}

}  // namespace torc::framing
