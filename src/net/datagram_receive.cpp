#include "net/datagram_receive.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace torc::detail {

namespace {

template <class T>
T value_of(const cmsghdr& header) noexcept {
  T value{};
  std::memcpy(&value, CMSG_DATA(&header), std::min(sizeof value, header.cmsg_len - CMSG_LEN(0)));
  return value;
}

IpAddress v4(const in_addr& raw) noexcept {
  IpAddress::V4Bytes bytes;
  std::memcpy(bytes.data(), &raw, bytes.size());
  return IpAddress(bytes);
}

Arrival arrival_of(const in_pktinfo& info) noexcept {
  return {.destination = v4(info.ipi_addr),
          .local = v4(info.ipi_spec_dst),
          .interface = static_cast<std::uint32_t>(info.ipi_ifindex)};
}

Arrival arrival_of(const in6_pktinfo& info) noexcept {
  IpAddress::V6Bytes bytes;
  std::memcpy(bytes.data(), &info.ipi6_addr, bytes.size());
  const bool scoped = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&info.ipi6_addr);
  const IpAddress address = IpAddress(bytes, scoped ? info.ipi6_ifindex : 0).unmapped();
  // Nothing can leave from a group: there the system chooses.
  return {
      .destination = address, .local = address.is_multicast() ? IpAddress() : address, .interface = info.ipi6_ifindex};
}

SocketAddress sender_of(const msghdr& message) {
  const auto* raw = static_cast<const sockaddr*>(message.msg_name);
  sockaddr nameless{.sa_family = AF_UNIX, .sa_data = {}};
  const auto address = message.msg_namelen > 0
                           ? SocketAddress::from_sockaddr(raw, message.msg_namelen)
                           : SocketAddress::from_sockaddr(&nameless, offsetof(sockaddr, sa_data));
  if (!address) return {};
  return raw->sa_family == AF_INET6 && message.msg_namelen > 0 ? address->unmapped() : *address;
}

}  // namespace

ReceiveBatch::ReceiveBatch() : space_(std::make_unique_for_overwrite<char[]>(kSpace)) {}

void ReceiveBatch::lay_out(std::size_t size) noexcept {
  size_ = size;
  const std::size_t stride = (size + 63) / 64 * 64 + kApart;
  slots_ = std::min(kMost, kSpace / stride);
  for (std::size_t i = 0; i < slots_; ++i) {
    vectors_[i] = {.iov_base = space_.get() + i * stride, .iov_len = size};
    msghdr& message = headers_[i].msg_hdr;
    message.msg_iov = &vectors_[i];
    message.msg_iovlen = 1;
    message.msg_name = &senders_[i];
    message.msg_control = controls_[i].data();
  }
}

int ReceiveBatch::receive(int socket, std::size_t size, std::size_t most, bool& short_read) noexcept {
  if (size != size_) lay_out(size);
  const std::size_t slots = std::min(most, slots_);
  for (std::size_t i = 0; i < slots; ++i) {
    headers_[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    headers_[i].msg_hdr.msg_controllen = kControl;
  }
  for (;;) {
    // MSG_TRUNC: a length is what was sent, also beyond what there was room for.
    const int count = ::recvmmsg(socket, headers_.data(), static_cast<unsigned>(slots), MSG_TRUNC, nullptr);
    if (count < 0 && errno == EINTR) continue;
    short_read = count < static_cast<int>(slots);
    return count < 0 ? -errno : count;
  }
}

Received ReceiveBatch::message(std::size_t index) const {
  const auto& [message, length] = headers_[index];
  Received received{.data = {static_cast<const char*>(vectors_[index].iov_base), std::min<std::size_t>(length, size_)},
                    .size = length,
                    .from = sender_of(message),
                    .arrival = {}};
  if (message.msg_controllen == 0) return received;
  auto* whole = const_cast<msghdr*>(&message);
  for (cmsghdr* header = CMSG_FIRSTHDR(whole); header; header = CMSG_NXTHDR(whole, header)) {
    const auto is = [&](int level, int type) { return header->cmsg_level == level && header->cmsg_type == type; };
    if (is(IPPROTO_UDP, UDP_GRO)) {
      received.segment = static_cast<std::size_t>(value_of<int>(*header));
    } else if (is(IPPROTO_IP, IP_PKTINFO)) {
      received.arrival = arrival_of(value_of<in_pktinfo>(*header));
    } else if (is(IPPROTO_IPV6, IPV6_PKTINFO) && received.arrival.interface == 0) {
      received.arrival = arrival_of(value_of<in6_pktinfo>(*header));
    } else if (is(SOL_SOCKET, SO_RXQ_OVFL)) {
      received.overrun = value_of<std::uint32_t>(*header);
    }
  }
  return received;
}

}  // namespace torc::detail
