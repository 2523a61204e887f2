#include "net/datagram_send.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cerrno>
#include <cstring>

namespace torc::detail {

namespace {

// Larger ones are cut to fragments by many paths, which the kernel refuses to do to segments.
constexpr std::size_t kLargestSegment = 1452;
constexpr std::size_t kLargestMessage = 65'000;

bool is_v4(const sockaddr_storage& address) noexcept {
  return address.ss_family == AF_INET ||
         (address.ss_family == AF_INET6 &&
          IN6_IS_ADDR_V4MAPPED(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr));
}

// Control messages, one behind the other.
class ControlWriter {
 public:
  ControlWriter(msghdr& message, char* space) noexcept : message_(message), space_(space) {}

  template <class T>
  void add(int level, int type, const T& value) noexcept {
    auto* header = reinterpret_cast<cmsghdr*>(space_ + message_.msg_controllen);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(header), &value, sizeof value);
    message_.msg_control = space_;
    message_.msg_controllen += CMSG_SPACE(sizeof value);
  }

 private:
  msghdr& message_;
  char* space_;
};

void leave_from(ControlWriter& control, const Destination& to) noexcept {
  if (is_v4(to.address)) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, to.local.unmapped().bytes().data(), sizeof info.ipi_spec_dst);
    control.add(IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, to.local.bytes().data(), sizeof info.ipi6_addr);
    info.ipi6_ifindex = to.local.scope();
    control.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

bool refuses_segments(int code) noexcept {
  return code == EINVAL || code == EIO || code == EMSGSIZE || code == EOPNOTSUPP;
}

}  // namespace

void SendBatch::add(std::string_view data, const Destination& to) noexcept { parcels_[end_++] = {data, to}; }

bool SendBatch::add_copy(std::string_view data, const Destination& to) {
  if (full() || data.size() > kCopies - copied_) return false;
  if (!copies_) copies_ = std::make_unique_for_overwrite<char[]>(kCopies);
  char* place = copies_.get() + copied_;
  std::memcpy(place, data.data(), data.size());
  copied_ += data.size();
  add({place, data.size()}, to);
  return true;
}

// How many datagrams from `first` on make one message: all of one size but the last, which may be smaller.
std::size_t SendBatch::run_length(std::size_t first) const noexcept {
  const auto& [data, to] = parcels_[first];
  if (data.empty() || data.size() > kLargestSegment) return 1;
  std::size_t total = data.size();
  std::size_t next = first + 1;
  for (; next < end_; ++next) {
    const auto& [more, there] = parcels_[next];
    total += more.size();
    if (more.size() > data.size() || more.empty() || total > kLargestMessage) break;
    if (there.size != to.size || std::memcmp(&there.address, &to.address, to.size) != 0 || there.local != to.local)
      break;
    if (more.size() < data.size()) return next + 1 - first;
  }
  return next - first;
}

unsigned SendBatch::fill(bool segment) noexcept {
  unsigned messages = 0;
  for (std::size_t at = begin_; at < end_; ++messages) {
    const std::size_t count = segment ? run_length(at) : 1;
    for (std::size_t i = at; i < at + count; ++i) {
      vectors_[i] = {.iov_base = const_cast<char*>(parcels_[i].data.data()), .iov_len = parcels_[i].data.size()};
    }
    Parcel& parcel = parcels_[at];
    msghdr& message = headers_[messages].msg_hdr;
    message = {};
    message.msg_name = parcel.to.size > 0 ? &parcel.to.address : nullptr;
    message.msg_namelen = parcel.to.size;
    message.msg_iov = &vectors_[at];
    message.msg_iovlen = count;
    ControlWriter control(message, controls_[messages].data());
    if (!parcel.to.local.is_any()) leave_from(control, parcel.to);
    if (count > 1) control.add(IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(parcel.data.size()));
    datagrams_[messages] = count;
    at += count;
  }
  return messages;
}

int SendBatch::send(int socket, bool& segment) noexcept {
  while (begin_ < end_) {
    const unsigned messages = fill(segment);
    const int sent = ::sendmmsg(socket, headers_.data(), messages, MSG_NOSIGNAL);
    if (sent > 0) {
      for (int i = 0; i < sent; ++i) begin_ += datagrams_[static_cast<std::size_t>(i)];
    } else if (errno == EINTR) {
      continue;
    } else if (datagrams_[0] > 1 && refuses_segments(errno)) {
      segment = false;
    } else {
      return errno;
    }
  }
  return 0;
}

}  // namespace torc::detail
