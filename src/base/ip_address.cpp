#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <optional>

#include "base/decimal.hpp"
#include "base/escape.hpp"
#include "base/hash_mix.hpp"
#include "torc/base/address.hpp"

namespace torc {
namespace {

constexpr std::string_view kV4Rule =
    "an IPv4 address is four decimal numbers from 0 to 255 without leading zeros, such as 192.0.2.1";
constexpr std::string_view kV6Rule =
    "an IPv6 address is eight groups of one to four hex digits, at most one run of zeros as ::, such as 2001:db8::1";
constexpr std::string_view kScopeRule = "after % comes an interface index or the name of an interface that exists";

std::optional<IpAddress::V4Bytes> parse_v4(std::string_view text) {
  IpAddress::V4Bytes bytes;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == text.npos) return std::nullopt;
    const auto number = detail::parse_decimal(text.substr(0, dot), 255);
    if (!number) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(*number);
    text.remove_prefix(i < 3 ? dot + 1 : dot);
  }
  return bytes;
}

std::optional<std::uint16_t> parse_group(std::string_view text) {
  std::uint16_t value = 0;
  if (text.empty() || text.size() > 4) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The groups left or right of "::": appended to `out` at `used`. A dotted quad may be the last of the address.
bool parse_groups(std::string_view text, bool may_end_in_v4, std::array<std::uint16_t, 8>& out, std::size_t& used) {
  if (text.empty()) return true;
  for (;;) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (used == 8) return false;
    if (auto value = parse_group(group)) {
      out[used++] = *value;
    } else if (auto v4 = may_end_in_v4 && colon == text.npos && used <= 6 ? parse_v4(group) : std::nullopt) {
      out[used++] = static_cast<std::uint16_t>((*v4)[0] << 8 | (*v4)[1]);
      out[used++] = static_cast<std::uint16_t>((*v4)[2] << 8 | (*v4)[3]);
    } else {
      return false;
    }
    if (colon == text.npos) return true;
    text.remove_prefix(colon + 1);
  }
}

std::optional<IpAddress::V6Bytes> parse_v6(std::string_view text) {
  std::array<std::uint16_t, 8> groups{}, tail{};
  std::size_t used = 0, tail_used = 0;
  const std::size_t gap = text.find("::");
  if (gap == text.npos) {
    if (!parse_groups(text, true, groups, used) || used != 8) return std::nullopt;
  } else {
    // A third colon or a second "::" leaves an empty group in one of the halves, which no half may have.
    if (!parse_groups(text.substr(0, gap), false, groups, used) ||
        !parse_groups(text.substr(gap + 2), true, tail, tail_used) || used + tail_used > 7)
      return std::nullopt;
    std::copy_n(tail.begin(), tail_used, groups.end() - static_cast<std::ptrdiff_t>(tail_used));
  }
  IpAddress::V6Bytes bytes;
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8);
    bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i]);
  }
  return bytes;
}

std::optional<std::uint32_t> parse_scope(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (auto index = detail::parse_decimal(text, IpAddress::kMaxScope)) return static_cast<std::uint32_t>(*index);
  if (text.size() >= IF_NAMESIZE || text.contains('\0')) return std::nullopt;
  const unsigned index = ::if_nametoindex(std::string{text}.c_str());
  return index == 0 ? std::nullopt : std::optional<std::uint32_t>{index};
}

std::string v6_text(std::string_view bytes) {
  std::array<unsigned, 8> groups;
  for (std::size_t i = 0; i < 8; ++i)
    groups[i] = static_cast<unsigned>(static_cast<std::uint8_t>(bytes[2 * i]) << 8) |
                static_cast<std::uint8_t>(bytes[2 * i + 1]);
  // RFC 5952 section 4.2: "::" stands for the longest run of zero groups, the first one of equals, never for one group.
  std::size_t run_begin = 8, run_length = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > run_length) run_begin = i, run_length = end - i;
    i = end + 1;
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == run_begin) {
      out += "::";
      i += run_length - 1;
    } else {
      if (!out.empty() && out.back() != ':') out += ':';
      fmt::format_to(std::back_inserter(out), "{:x}", groups[i]);
    }
  }
  return out;
}

std::string v4_text(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  return fmt::format("{}.{}.{}.{}", byte(0), byte(1), byte(2), byte(3));
}

}  // namespace

std::expected<IpAddress, std::string> IpAddress::parse(std::string_view text) {
  const auto fail = [&](std::string_view rule) {
    return std::unexpected(fmt::format("IP address {}: {}", detail::in_quotes(text), rule));
  };
  if (text.empty()) return fail("it is empty");
  if (!text.contains(':')) {
    if (auto bytes = parse_v4(text)) return IpAddress{*bytes};
    return fail(kV4Rule);
  }
  const std::size_t percent = text.find('%');
  const auto bytes = parse_v6(text.substr(0, percent));
  if (!bytes) return fail(text.front() == '[' ? "write it without brackets" : kV6Rule);
  if (percent == text.npos) return IpAddress{*bytes};
  const auto scope = parse_scope(text.substr(percent + 1));
  if (!scope) return fail(kScopeRule);
  return IpAddress{*bytes, *scope};
}

bool IpAddress::is_v4_mapped() const noexcept {
  return is_v6() && std::all_of(bytes_.begin(), bytes_.begin() + 10, [](auto b) { return b == 0; }) &&
         bytes_[10] == 0xff && bytes_[11] == 0xff;
}

IpAddress IpAddress::unmapped() const noexcept {
  return is_v4_mapped() ? IpAddress{V4Bytes{bytes_[12], bytes_[13], bytes_[14], bytes_[15]}} : *this;
}

bool IpAddress::is_any() const noexcept {
  const IpAddress a = unmapped();
  return std::all_of(a.bytes_.begin(), a.bytes_.end(), [](auto b) { return b == 0; });
}

bool IpAddress::is_loopback() const noexcept {
  const IpAddress a = unmapped();
  return a.is_v4() ? a.bytes_[0] == 127 : a.bytes_ == loopback_v6().bytes_;
}

bool IpAddress::is_multicast() const noexcept {
  const IpAddress a = unmapped();
  return a.is_v4() ? (a.bytes_[0] & 0xf0) == 0xe0 : a.bytes_[0] == 0xff;
}

bool IpAddress::is_link_local() const noexcept {
  const IpAddress a = unmapped();
  return a.is_v4() ? a.bytes_[0] == 169 && a.bytes_[1] == 254 : a.bytes_[0] == 0xfe && (a.bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_private() const noexcept {
  const IpAddress a = unmapped();
  if (a.is_v6()) return (a.bytes_[0] & 0xfe) == 0xfc;
  return a.bytes_[0] == 10 || (a.bytes_[0] == 172 && (a.bytes_[1] & 0xf0) == 16) ||
         (a.bytes_[0] == 192 && a.bytes_[1] == 168);
}

std::string IpAddress::str() const {
  if (is_v4()) return v4_text(bytes());
  // RFC 5952 section 5: the mixed notation where the prefix says that the rest is an IPv4 address.
  std::string out = is_v4_mapped() ? "::ffff:" + v4_text(bytes().substr(12)) : v6_text(bytes());
  if (scope_ != 0) fmt::format_to(std::back_inserter(out), "%{}", static_cast<std::uint32_t>(scope_));
  return out;
}

}  // namespace torc

std::size_t std::hash<torc::IpAddress>::operator()(const torc::IpAddress& address) const noexcept {
  return torc::detail::hash_bytes(address.scope(), address.bytes());
}
