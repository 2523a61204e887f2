// ReceiveBatch: up to 64 datagrams, taken from a socket in one system call. One serves all sockets of a
// reactor; what it holds is valid until the next receive.
#pragma once

#include <torc/net/datagram_transport.hpp>

#include <sys/socket.h>

#include <array>
#include <memory>
#include <string_view>

namespace torc::detail {

/// One message: a datagram, or several of one size from one sender that the system joined (UDP_GRO).
struct Received {
  std::string_view data;    // what there was room for
  std::size_t size = 0;     // what was sent
  std::size_t segment = 0;  // of each datagram but the last; 0: it is one
  SocketAddress from;
  Arrival arrival;
  std::uint32_t overrun = 0;  // dropped by the system before this one, all in all; 0: not told
};

class ReceiveBatch {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::size_t kLargest = 1024 * 1024;

  ReceiveBatch();

  /// Takes up to `most` messages of up to `size` bytes each; fewer when `size` is large. Gives their number, or
  /// -errno. `short_read` tells that there were no more.
  int receive(int socket, std::size_t size, std::size_t most, bool& short_read) noexcept;
  /// Message `index` of the last receive.
  Received message(std::size_t index) const;

 private:
  // Slots begin apart by an odd number of cache lines, so that small datagrams do not share cache sets.
  static constexpr std::size_t kApart = 17 * 64;
  static constexpr std::size_t kSpace = kMost * (64 * 1024 + kApart);
  static constexpr std::size_t kControl = 192;

  void lay_out(std::size_t size) noexcept;

  std::unique_ptr<char[]> space_;  // no page of it is there before it is written to
  std::array<mmsghdr, kMost> headers_{};
  std::array<iovec, kMost> vectors_{};
  std::array<sockaddr_storage, kMost> senders_;
  alignas(cmsghdr) std::array<std::array<char, kControl>, kMost> controls_;
  std::size_t size_ = 0;   // of a slot as laid out
  std::size_t slots_ = 0;
};

}  // namespace torc::detail
