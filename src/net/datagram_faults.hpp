// What went wrong with single datagrams: the kernel's error queue, and the errors made of it.
#pragma once

#include <torc/base/address.hpp>
#include <torc/base/failure.hpp>
#include <torc/net/datagram_errors.hpp>

#include <cstdint>
#include <optional>

namespace torc::detail {

/// A datagram to `peer` failed.
struct DatagramFault {
  SocketAddress peer;
  int code = 0;                // errno
  std::uint32_t path_mtu = 0;  // with EMSGSIZE from a router

  /// The error for the protocol, in words.
  Failure failure() const;
};

/// Takes the next entry of the error queue that came from the network; none when there is no more. What the kernel
/// itself refused stands there, too, and is passed over: the call that sent it has told.
std::optional<DatagramFault> next_fault(int socket);

}  // namespace torc::detail
