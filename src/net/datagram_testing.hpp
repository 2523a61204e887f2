// What the tests of datagrams share: a plain socket as the other side, a protocol that writes down what it is told.
#pragma once

#include "net/on_reactor.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/net/datagram_socket.hpp>
#include <torc/reactor/threads.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <memory>
#include <string>
#include <vector>

namespace torc {

using namespace std::chrono_literals;

inline SocketAddress at(std::string_view text) { return SocketAddress::parse(text).value(); }

// A blocking socket without torc, bound to `where`.
class Plain {
 public:
  explicit Plain(const SocketAddress& where)
      : fd_(::socket(where.is_unix() ? AF_UNIX : where.is_v6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage raw;
    const auto size = where.to_sockaddr(&raw);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&raw), size), 0) << where.str();
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  explicit Plain(std::string_view where = "127.0.0.1:0") : Plain(at(where)) {}

  int fd() const { return fd_.get(); }
  SocketAddress address() const {
    sockaddr_storage raw;
    socklen_t size = sizeof raw;
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&raw), &size);
    return SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&raw), size).value();
  }
  void set(int level, int option, int value) {
    EXPECT_EQ(::setsockopt(fd_.get(), level, option, &value, sizeof value), 0);
  }
  void connect(const SocketAddress& to) {
    sockaddr_storage raw;
    const auto size = to.to_sockaddr(&raw);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&raw), size), 0);
  }
  void send(std::string_view data, const SocketAddress& to) {
    sockaddr_storage raw;
    const auto size = to.to_sockaddr(&raw);
    EXPECT_EQ(::sendto(fd_.get(), data.data(), data.size(), 0, reinterpret_cast<sockaddr*>(&raw), size),
              static_cast<ssize_t>(data.size()));
  }
  // Waits; for what is there already, or comes from elsewhere than this thread.
  std::string receive(int flags = 0) {
    std::string data(70'000, '\0');
    const auto size = ::recv(fd_.get(), data.data(), data.size(), flags);
    if (size < 0) return "nothing";
    data.resize(static_cast<std::size_t>(size));
    return data;
  }
  bool has_nothing() { return receive(MSG_DONTWAIT) == "nothing"; }

 private:
  UniqueFd fd_;
};

struct Echo : DatagramProtocol {
  void datagram_received(std::string_view data, const SocketAddress& from) override { transport().send(data, from); }
};

// Writes down what it is told, in a record that outlives it.
struct Record {
  std::vector<std::string> data;
  std::vector<SocketAddress> senders;
  std::vector<std::size_t> cut;
  std::vector<std::pair<SocketAddress, Failure>> failed;
  std::string calls;
};
struct Recorder : DatagramProtocol {
  explicit Recorder(Record* record) : record(record) {}
  ~Recorder() override { record->calls += "~"; }
  void started() override { record->calls += "started "; }
  void datagram_received(std::string_view data, const SocketAddress& from) override {
    record->data.emplace_back(data);
    record->senders.push_back(from);
  }
  void datagram_cut(std::string_view data, std::size_t size, const SocketAddress&) override {
    record->data.emplace_back(data);
    record->cut.push_back(size);
  }
  void send_failed(const SocketAddress& peer, const Failure& reason) override {
    record->failed.emplace_back(peer, reason);
  }
  void pause_writing() override { record->calls += "pause "; }
  void resume_writing() override { record->calls += "resume "; }
  void stopped(const Failure& reason) override {
    record->calls += reason.check<ReactorStopped>() ? "reactor stopped " : "stopped ";
  }
  Record* record;
};

// Lets the loop turn until `condition` holds; the time limit of on_reactor ends it otherwise.
template <class Condition>
Deferred<void> until(Condition condition) {
  while (!condition()) co_await sleep(1ms);
}

}  // namespace torc
