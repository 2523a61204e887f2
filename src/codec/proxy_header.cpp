// Reading. The states:
//
//   nothing held ── 'P' ─▶ text: held until LF ────────────────▶ done │ error
//                └─ CR ──▶ binary: 16 bytes held ─▶ addresses held ─▶ extensions passed over ─▶ done │ error
#include <torc/codec/proxy_header.hpp>

#include "base/decimal.hpp"
#include "codec/proxy_header_format.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace torc::codec {

namespace {

using namespace proxy_format;

std::size_t number(std::string_view two_bytes) noexcept {
  return static_cast<std::size_t>(static_cast<std::uint8_t>(two_bytes[0])) << 8 | static_cast<std::uint8_t>(two_bytes[1]);
}

template <std::size_t N>
IpAddress ip(std::string_view bytes) noexcept {
  std::array<std::uint8_t, N> raw;
  std::memcpy(raw.data(), bytes.data(), N);
  return IpAddress(raw);
}

// A path ends at its NUL, a name that begins with one at the padding.
SocketAddress unix_end(std::string_view field) {
  sockaddr_un raw{};
  raw.sun_family = AF_UNIX;
  const bool abstract = field.front() == '\0';
  const std::size_t size = abstract ? field.find_last_not_of('\0') + 1 : std::min(field.find('\0'), field.size());
  std::memcpy(raw.sun_path, field.data(), size);
  const auto length = static_cast<std::uint32_t>(offsetof(sockaddr_un, sun_path) + size);
  return SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&raw), length).value_or(SocketAddress());
}

// A word of a line, which ends at a single space or with the line.
std::string_view take_word(std::string_view& line) {
  const auto end = std::min(line.find(' '), line.size());
  const auto word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

}  // namespace

ProxyHeaderParser::Event ProxyHeaderParser::fail(std::string_view why) noexcept {
  error_ = why;
  return state_ = Event::kError;
}

ProxyHeaderParser::Event ProxyHeaderParser::next(std::string_view& input) {
  if (state_ != Event::kNeedMore || input.empty()) return state_;
  return (held_.empty() ? input : held_).front() == kTextBegin.front() ? text(input) : binary(input);
}

ProxyHeaderParser::Event ProxyHeaderParser::text(std::string_view& input) {
  const auto part = input.substr(0, std::min(input.size(), kMaxText - held_.size()));
  const auto end = std::min(part.find('\n'), part.size() - 1) + 1;
  held_ += part.substr(0, end);
  input.remove_prefix(end);
  const auto begun = std::min(held_.size(), kTextBegin.size());
  if (held_.compare(0, begun, kTextBegin, 0, begun) != 0) return fail("it begins with no PROXY header");
  if (held_.back() == '\n') {
    if (!held_.ends_with("\r\n")) return fail("the line of its PROXY header does not end with CR LF");
    return read_line(std::string_view(held_).substr(kTextBegin.size(), held_.size() - kTextBegin.size() - 2));
  }
  return held_.size() == kMaxText ? fail("the line of its PROXY header is longer than 107 bytes") : Event::kNeedMore;
}

ProxyHeaderParser::Event ProxyHeaderParser::read_line(std::string_view line) {
  const auto family = take_word(line);
  if (family == "UNKNOWN") return state_ = Event::kDone;  // what follows is to be ignored
  if (family != "TCP4" && family != "TCP6") return fail("its PROXY header is of no family that there is");
  const bool six = family == "TCP6";
  std::array<std::optional<IpAddress>, 2> ips;
  for (auto& each : ips) {
    const auto word = take_word(line);
    const auto parsed = word.contains('%') ? std::unexpected(std::string()) : IpAddress::parse(word);
    if (!parsed || parsed->is_v6() != six) return fail("an address in its PROXY header is none of its family");
    each = *parsed;
  }
  std::array<std::uint16_t, 2> ports{};
  for (auto& each : ports) {
    if (&each == &ports[1] && line.contains(' ')) return fail("its PROXY header has something behind the ports");
    const auto parsed = detail::parse_decimal(take_word(line), 65535);
    if (!parsed) return fail("a port in its PROXY header is no number from 0 to 65535");
    each = static_cast<std::uint16_t>(*parsed);
  }
  header_.ends = {{*ips[0], ports[0]}, {*ips[1], ports[1]}};
  return state_ = Event::kDone;
}

ProxyHeaderParser::Event ProxyHeaderParser::binary(std::string_view& input) {
  while (true) {
    const std::size_t wanted = std::max(wanted_, kPreamble);
    const auto part = input.substr(0, wanted - held_.size());
    held_ += part;
    input.remove_prefix(part.size());
    const auto begun = std::min(held_.size(), kSignature.size());
    if (held_.compare(0, begun, kSignature, 0, begun) != 0) return fail("it begins with no PROXY header");
    if (held_.size() < wanted) return Event::kNeedMore;
    if (wanted_ > 0) break;
    if (read_preamble() == Event::kError) return state_;
  }
  const auto passed = std::min(skip_, input.size());
  input.remove_prefix(passed);
  skip_ -= passed;
  return skip_ > 0 ? Event::kNeedMore : read_addresses();
}

// Decides how much is to be held: what the family needs, nothing where it is ignored.
ProxyHeaderParser::Event ProxyHeaderParser::read_preamble() {
  const auto command = static_cast<std::uint8_t>(held_[12]);
  const auto family = static_cast<std::uint8_t>(held_[13]);
  const std::size_t length = number(std::string_view(held_).substr(14));
  if (command >> 4 != 2) return fail("its PROXY header is of no version that there is");
  if (command != kLocal && command != kProxy) return fail("its PROXY header has no command that there is");
  if (kPreamble + length > max_length_) return fail("its PROXY header is longer than the limit");
  std::size_t addresses = 0;
  if (command == kProxy && family != kUnspecified) {
    addresses = family == kTcp4 ? kEnds4 : family == kTcp6 ? kEnds6 : family == kUnixStream ? kEndsUnix : 0;
    if (addresses == 0) return fail("its PROXY header is for no stream of a family that there is");
    if (length < addresses) return fail("its PROXY header is too short for its addresses");
  }
  wanted_ = kPreamble + addresses;
  skip_ = length - addresses;
  return Event::kNeedMore;
}

ProxyHeaderParser::Event ProxyHeaderParser::read_addresses() {
  const auto ends = std::string_view(held_).substr(kPreamble);
  const auto port = [&](std::size_t at) { return static_cast<std::uint16_t>(number(ends.substr(at))); };
  if (ends.size() == kEnds4) {
    header_.ends = {{ip<4>(ends), port(8)}, {ip<4>(ends.substr(4)), port(10)}};
  } else if (ends.size() == kEnds6) {
    header_.ends = {{ip<16>(ends), port(32)}, {ip<16>(ends.substr(16)), port(34)}};
  } else if (ends.size() == kEndsUnix) {
    header_.ends = {unix_end(ends.substr(0, kUnixField)), unix_end(ends.substr(kUnixField))};
  }
  return state_ = Event::kDone;
}

}  // namespace torc::codec
