// Who counts as one peer where peers are counted: an IPv4 address, or the 64 bits of an IPv6 address that a household or
// a machine is given as a whole.
#pragma once

#include <torc/base/address.hpp>

#include <optional>

namespace torc {

/// None for what is no IP address.
inline std::optional<IpNetwork> peer_network(const SocketAddress& peer) {
  if (!peer.is_ip()) return std::nullopt;
  const IpAddress ip = peer.ip().unmapped();
  if (ip.is_v4()) return *IpNetwork::make(ip, 32);
  IpAddress::V6Bytes bytes{};
  ip.bytes().copy(reinterpret_cast<char*>(bytes.data()), 8);
  return *IpNetwork::make(IpAddress(bytes), 64);
}

}  // namespace torc
