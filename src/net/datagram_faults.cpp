#include "net/datagram_faults.hpp"

#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace torc::detail {

namespace {

std::string too_large(const DatagramFault& fault) {
  std::string text = "a datagram to " + fault.peer.str() + " is too large";
  if (fault.path_mtu > 0) text += ": packets on the way there have " + std::to_string(fault.path_mtu) + " bytes";
  return text + " (send less at once)";
}

}  // namespace

Failure DatagramFault::failure() const {
  const std::string to = "a datagram to " + peer.str();
  const std::string words = std::generic_category().message(code);
  switch (code) {
    case ECONNREFUSED:
    case ENOENT:  // a UNIX path
      return Failure(DatagramRefused(to + " was refused: nobody listens there"));
    case EMSGSIZE:
      return Failure(DatagramTooLarge(too_large(*this)));
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENONET:
    case ENETDOWN:
    case ENOPROTOOPT:  // ICMP: no such protocol there
      return Failure(DatagramUnreachable(to + " did not arrive: " + words));
    case EPERM:
      return Failure(DatagramUnreachable(to + " was not let out: " + words + " (a packet filter of this machine)"));
    case EACCES:
      return Failure(
          DatagramUnreachable(to + " was not sent: " + words + " (broadcasting needs DatagramOptions::broadcast)"));
    case EDESTADDRREQ:
    case ENOTCONN:
      return Failure(DatagramError("a datagram without a receiver was not sent (name one, or connect() first)"));
    default:
      return Failure(SystemError("sending " + to, code));
  }
}

std::optional<DatagramFault> next_fault(int socket) {
  for (;;) {
    sockaddr_storage peer{};
    alignas(cmsghdr) char control[512];
    char start_of_datagram[1];
    iovec into{.iov_base = start_of_datagram, .iov_len = sizeof start_of_datagram};
    msghdr message{};
    message.msg_name = &peer;
    message.msg_namelen = sizeof peer;
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (::recvmsg(socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
      if (errno == EINTR) continue;
      return std::nullopt;
    }
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
      const bool errors = (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
                          (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR);
      if (!errors) continue;
      sock_extended_err error{};
      std::memcpy(&error, CMSG_DATA(header), sizeof error);
      if (error.ee_origin != SO_EE_ORIGIN_ICMP && error.ee_origin != SO_EE_ORIGIN_ICMP6) continue;
      const auto address = SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&peer), message.msg_namelen);
      return DatagramFault{.peer = address ? address->unmapped() : SocketAddress(),
                           .code = static_cast<int>(error.ee_errno),
                           .path_mtu = error.ee_errno == EMSGSIZE ? error.ee_info : 0};
    }
  }
}

}  // namespace torc::detail
