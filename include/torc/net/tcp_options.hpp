// Options of TCP connections, as listening sockets hand them on and connecting ones set them.
#pragma once

#include <torc/base/time.hpp>

#include <chrono>

namespace torc {

struct TcpOptions {
  /// Small writes leave at once (TCP_NODELAY); torc gathers what belongs together by corks.
  bool no_delay = true;
  /// After so long without a byte the system asks whether the peer is there. Zero: never.
  std::chrono::seconds keep_alive{0};
  /// Written bytes that nobody acknowledges for so long end the connection (RFC 5482). Zero: the system's own limit.
  std::chrono::milliseconds user_timeout{0};
  /// Data with the first packet (RFC 7413), where the system allows it.
  bool fast_open = false;

  bool operator==(const TcpOptions&) const = default;
};

namespace detail {
void apply(const TcpOptions& options, int socket) noexcept;
}

}  // namespace torc
