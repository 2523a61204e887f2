#include <torc/framing/string_protocol.hpp>

namespace torc::framing {

bool PrefixedStringProtocol::take(std::string_view& input) {
  switch (reader_.next(input)) {
    case codec::Framed::kFrame:
      string_received(reader_.frame());
      return true;
    case codec::Framed::kTooLong:
      string_too_long(reader_.announced());
      return true;
    default:
      return false;
  }
}

Outcome<void> PrefixedStringProtocol::send_string(std::string_view string) {
  if (string.size() > codec::max_length(reader_.prefix())) {
    return Failure(FramingError("a string of " + std::to_string(string.size()) + " bytes is longer than its prefix can say (" +
                                std::to_string(codec::max_length(reader_.prefix())) + ")"));
  }
  const auto cork = transport().cork();
  transport().write(codec::length_prefix(reader_.prefix(), string.size()));
  transport().write(string);
  return {};
}

bool NetstringProtocol::take(std::string_view& input) {
  const codec::Framed framed = reader_.next(input);
  if (framed == codec::Framed::kNeedMore) return false;
  if (framed == codec::Framed::kFrame) {
    string_received(reader_.frame());
    return true;
  }
  Transport& transport = this->transport();  // stays while this delivers, whoever is destroyed
  netstring_broken(framed);
  if (!transport.closing()) transport.abort();
  return true;
}

void NetstringProtocol::send_string(std::string_view string) {
  const auto cork = transport().cork();
  transport().write(codec::netstring_prefix(string.size()));
  transport().write(string);
  transport().write(",");
}

}  // namespace torc::framing
