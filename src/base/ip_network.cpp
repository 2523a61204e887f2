#include <fmt/format.h>

#include "base/decimal.hpp"
#include "base/escape.hpp"
#include "base/hash_mix.hpp"
#include "torc/base/address.hpp"

namespace torc {
namespace {

// `bytes` with every bit beyond `prefix` cleared.
template <std::size_t N>
std::array<std::uint8_t, N> masked(std::string_view bytes, int prefix) {
  std::array<std::uint8_t, N> out{};
  for (std::size_t i = 0; i < N; ++i) {
    const int keep = prefix - static_cast<int>(8 * i);
    const unsigned mask = keep >= 8 ? 0xff : keep <= 0 ? 0 : 0xff00u >> keep;
    out[i] = static_cast<std::uint8_t>(static_cast<std::uint8_t>(bytes[i]) & mask);
  }
  return out;
}

IpAddress masked(const IpAddress& address, int prefix) {
  if (address.is_v4()) return IpAddress{masked<4>(address.bytes(), prefix)};
  return IpAddress{masked<16>(address.bytes(), prefix)};
}

}  // namespace

std::expected<IpNetwork, std::string> IpNetwork::make(IpAddress address, int prefix) {
  const auto fail = [text = fmt::format("{}/{}", address.str(), prefix)](std::string_view why) {
    return std::unexpected(fmt::format("network \"{}\": {}", text, why));
  };
  if (address.scope() != 0) return fail("a network has no %interface");
  if (prefix < 0 || prefix > address.bit_count())
    return fail(fmt::format("the prefix is 0 to {}", address.bit_count()));
  const IpAddress base = masked(address, prefix);
  if (base != address)
    return fail(fmt::format("bits are set beyond the prefix; the network is {}/{}", base.str(), prefix));

  IpNetwork network;
  // Below 96 the address cannot be an IPv4-mapped one: the ffff bits would lie beyond the prefix.
  network.prefix_ = static_cast<std::uint8_t>(address.is_v4_mapped() ? prefix - 96 : prefix);
  network.address_ = address.unmapped();
  return network;
}

std::expected<IpNetwork, std::string> IpNetwork::parse(std::string_view text) {
  const auto fail = [&](std::string_view why) {
    return std::unexpected(fmt::format("network {}: {}", detail::in_quotes(text), why));
  };
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return fail("it is written ADDRESS/PREFIX, such as 10.0.0.0/8 or 2001:db8::/32");
  if (slash == text.npos) return make(*address, address->bit_count());
  const auto prefix = detail::parse_decimal(text.substr(slash + 1), static_cast<std::uint64_t>(address->bit_count()));
  if (!prefix) return fail(fmt::format("after / comes the number of bits, 0 to {}", address->bit_count()));
  return make(*address, static_cast<int>(*prefix));
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
  const IpAddress a = address.unmapped();
  return a.is_v4() == address_.is_v4() && masked(a, prefix_) == address_;
}

std::string IpNetwork::str() const { return fmt::format("{}/{}", address_.str(), prefix_); }

}  // namespace torc

std::size_t std::hash<torc::IpNetwork>::operator()(const torc::IpNetwork& network) const noexcept {
  return torc::detail::hash_bytes(static_cast<std::uint64_t>(network.prefix()) + 1, network.address().bytes());
}
