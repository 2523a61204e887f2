// The limit of a UDP echo server: one recvmmsg and one sendmmsg for all datagrams that are there, nothing else.
#include <sys/epoll.h>

#include "../program.hpp"

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kLargest = 2048;

char data[kBatch][kLargest];
iovec vectors[kBatch];
sockaddr_in peers[kBatch];
mmsghdr messages[kBatch];

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port"}};
  int fd = bench::check(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address = bench::loopback(arguments.port());
  socklen_t length = sizeof address;
  bench::check(bind(fd, reinterpret_cast<sockaddr*>(&address), length), "bind");
  bench::check(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
  int epoll = bench::check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.fd = fd}};
  bench::check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  bench::announce(ntohs(address.sin_port));

  for (std::size_t i = 0; i < kBatch; ++i) {
    messages[i].msg_hdr.msg_name = &peers[i];
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (;;) {
    epoll_wait(epoll, &event, 1, -1);
    // A batch that is not full has emptied the socket.
    for (int count = kBatch; count == static_cast<int>(kBatch);) {
      for (std::size_t i = 0; i < kBatch; ++i) {
        messages[i].msg_hdr.msg_namelen = sizeof peers[i];
        vectors[i] = {.iov_base = data[i], .iov_len = kLargest};
      }
      count = recvmmsg(fd, messages, kBatch, 0, nullptr);
      for (int i = 0; i < count; ++i) vectors[i].iov_len = messages[i].msg_len;
      for (int sent = 0; sent < count;) {
        const int now = sendmmsg(fd, messages + sent, static_cast<unsigned>(count - sent), 0);
        sent += now > 0 ? now : 1;  // one that cannot be sent is lost, as datagrams may be
      }
    }
  }
}
