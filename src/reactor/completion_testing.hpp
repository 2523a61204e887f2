// For the tests of CompletionIo: both ends of a connection, sinks that remember what they were told, and a reactor on
// io_uring.
#pragma once

#include "reactor/completion.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>
#include <torc/reactor/hosting.hpp>
#include <torc/reactor/reactor.hpp>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace torc::completion_testing {

using namespace std::chrono_literals;
using detail::Submission;

struct Pair {
  Pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) throw SystemError("socketpair", errno);
    ours = UniqueFd(fds[0]);
    theirs = UniqueFd(fds[1]);
  }
  UniqueFd ours, theirs;
};

struct Receiver final : detail::ReceiveSink {
  std::size_t received(std::span<char> bytes) noexcept override {
    bytes = bytes.first(std::min(bytes.size(), most));
    text.append(bytes.data(), bytes.size());
    ++calls;
    const std::size_t taken = bytes.size();
    if (on_bytes) on_bytes();
    return taken;
  }
  bool received_all() noexcept override {
    if (!takes_end) return false;
    ended = 0;
    if (on_end) on_end();
    return true;
  }
  void receive_failed(int code) noexcept override {
    ended = code;
    if (on_end) on_end();
  }
  std::size_t most = SIZE_MAX;
  bool takes_end = true;
  std::string text;
  int calls = 0;
  std::optional<int> ended;
  std::function<void()> on_bytes, on_end;
};

struct Sender final : detail::SendSink {
  void sent(int code) noexcept override {
    result = code;
    if (on_sent) on_sent();
  }
  std::optional<int> result;
  std::function<void()> on_sent;
};

struct Acceptor final : detail::AcceptSink {
  void accepted(UniqueFd socket) noexcept override {
    sockets.push_back(std::move(socket));
    if (on_socket) on_socket();
  }
  void accept_ended(int code) noexcept override { ended = code; }
  std::vector<UniqueFd> sockets;
  std::optional<int> ended;
  std::function<void()> on_socket;
};

inline UniqueFd listener(sockaddr_in& address) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket.get(), 64) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw SystemError("listening", errno);
  }
  return socket;
}

inline UniqueFd client_of(const sockaddr_in& address) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw SystemError("connecting", errno);
  }
  return socket;
}

inline void write(const UniqueFd& fd, std::string_view text) {
  ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

inline std::string long_text(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 251);
  return text;
}

class Completion : public testing::Test {
 protected:
  void SetUp() override {
    if (!reactor->completion()) GTEST_SKIP() << "this machine has no io_uring";
  }
  detail::CompletionIo& io() { return *reactor->completion(); }
  void run() {
    auto limit = reactor->call_later(1min, [&] {
      ADD_FAILURE() << "nothing came within a minute";
      reactor->stop();
    });
    reactor->run();
  }
  std::optional<Reactor> reactor{std::in_place, ReactorOptions{.backend = Backend::kUring}};
};

}  // namespace torc::completion_testing
