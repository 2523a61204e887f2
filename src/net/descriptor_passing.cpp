// Descriptors over UNIX sockets (unix(7), SCM_RIGHTS), and who the peer is.
#include "net/stream_fd.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace torc {

namespace {

constexpr std::size_t kPassedAtOnce = 253;  // the kernel's own limit for one message

std::int64_t result_of(ssize_t count) noexcept { return count >= 0 ? count : -errno; }

}  // namespace

StreamFd::StreamFd(UniqueFd socket) noexcept : in_(std::move(socket)), socket_(true) {
  int domain = 0;
  socklen_t size = sizeof domain;
  local_ = ::getsockopt(in(), SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

std::int64_t StreamFd::send(std::string_view data, int passed) noexcept {
  iovec piece{.iov_base = const_cast<char*>(data.data()), .iov_len = data.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof passed)] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof passed);
  std::memcpy(CMSG_DATA(header), &passed, sizeof passed);
  for (;;) {
    const auto sent = result_of(::sendmsg(in(), &message, MSG_NOSIGNAL));
    if (sent != -EINTR) return sent;
  }
}

std::int64_t StreamFd::receive(char* into, std::size_t size, std::vector<UniqueFd>& passed) noexcept {
  iovec piece{.iov_base = into, .iov_len = size};
  alignas(cmsghdr) char control[CMSG_SPACE(kPassedAtOnce * sizeof(int))];
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  std::int64_t count;
  do count = result_of(::recvmsg(in(), &message, MSG_CMSG_CLOEXEC));
  while (count == -EINTR);
  if (count < 0) return count;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const auto* bytes = CMSG_DATA(header);
    for (std::size_t left = header->cmsg_len - CMSG_LEN(0); left >= sizeof(int); left -= sizeof(int)) {
      int descriptor;
      std::memcpy(&descriptor, bytes, sizeof descriptor);
      bytes += sizeof descriptor;
      passed.emplace_back(descriptor);
    }
  }
  if ((message.msg_flags & MSG_CTRUNC) == 0) return count;
  passed.clear();  // which of them is missing nobody knows
  return -EMFILE;
}

std::optional<PeerCredentials> StreamFd::credentials() const noexcept {
  ucred who{};
  socklen_t size = sizeof who;
  if (!local_ || ::getsockopt(in(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return std::nullopt;
  return PeerCredentials{.pid = who.pid, .uid = who.uid, .gid = who.gid};
}

}  // namespace torc
