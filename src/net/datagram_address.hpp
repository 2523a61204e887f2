// Addresses of datagram sockets, given as text.
#pragma once

#include <torc/base/address.hpp>

#include <string_view>

namespace torc::detail {

/// As SocketAddress::parse takes it. Throws CannotListen.
SocketAddress datagram_address(std::string_view text);

}  // namespace torc::detail
