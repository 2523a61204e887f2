// SendBatch: up to 64 datagrams that leave in one system call.
//
// Consecutive ones of one size for one peer travel as one message that the kernel or the network card cuts up
// (UDP_SEGMENT), where the socket takes that. Borrows the data, unless it is added as a copy.
#pragma once

#include <torc/net/datagram_transport.hpp>

#include <sys/socket.h>

#include <array>
#include <memory>
#include <string_view>

namespace torc::detail {

/// Where a datagram goes, as the system takes it. No size: to the connected peer.
struct Destination {
  sockaddr_storage address;
  socklen_t size = 0;
  IpAddress local;  // not any: leave from there
};

class SendBatch {
 public:
  static constexpr std::size_t kMost = 64;

  bool full() const noexcept { return end_ == kMost; }
  std::size_t left() const noexcept { return end_ - begin_; }
  void clear() noexcept { begin_ = end_ = copied_ = 0; }

  /// There must be room. `data` is used until it is sent or cleared.
  void add(std::string_view data, const Destination& to) noexcept;
  /// As add, of a copy; false when that finds no room.
  bool add_copy(std::string_view data, const Destination& to);

  struct Parcel {
    std::string_view data;
    Destination to;
  };
  /// The first that is left, to skip or to keep.
  const Parcel& first() const noexcept { return parcels_[begin_]; }
  void skip() noexcept { ++begin_; }

  /// Sends what is left. 0 when all is gone, or the errno of first(). `segment`: whether the socket takes
  /// several datagrams as one; cleared when it turns out not to.
  int send(int socket, bool& segment) noexcept;

 private:
  static constexpr std::size_t kCopies = 256 * 1024;

  unsigned fill(bool segment) noexcept;
  std::size_t run_length(std::size_t first) const noexcept;

  std::array<Parcel, kMost> parcels_;
  std::array<mmsghdr, kMost> headers_;
  std::array<iovec, kMost> vectors_;
  std::array<std::size_t, kMost> datagrams_;  // in each message
  alignas(cmsghdr) std::array<std::array<char, 64>, kMost> controls_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t copied_ = 0;
  std::unique_ptr<char[]> copies_;
};

}  // namespace torc::detail
