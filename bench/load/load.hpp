// What the load programs share: connections, the exchange that drives them, and the server's CPU time.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>
#include <ranges>
#include <string>
#include <vector>

#include "../program.hpp"

namespace bench {

/// A blocking connection. Sources rotate over 127.0.0.2 to 127.0.0.9, so that ports never run out.
inline int connect_to(std::uint16_t port, std::size_t ordinal) {
  int fd = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  int on = 1;
  check(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on), "IP_BIND_ADDRESS_NO_PORT");
  sockaddr_in source = loopback(0, INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(ordinal % 8));
  check(bind(fd, reinterpret_cast<sockaddr*>(&source), sizeof source), "bind");
  sockaddr_in server = loopback(port);
  check(connect(fd, reinterpret_cast<sockaddr*>(&server), sizeof server), "connect");
  set_nodelay(fd);
  return fd;
}

inline void send_fully(int fd, std::string_view data) {
  errno = 0;
  if (send(fd, data.data(), data.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(data.size())) fail("send");
}

/// Bytes that are sent and must come back as they were.
class EchoedMessage {
 public:
  explicit EchoedMessage(std::size_t size) : message_(size, '\0') {
    for (std::size_t i = 0; i < size; ++i) message_[i] = static_cast<char>(i * 7 + 1);
  }
  void send(int fd) const { send_fully(fd, message_); }
  void receive(int fd) const {
    static std::string reply;
    reply.resize(message_.size());
    for (std::size_t have = 0; have < reply.size();) {
      errno = 0;
      ssize_t n = recv(fd, reply.data() + have, reply.size() - have, 0);
      if (n <= 0) fail("recv");
      have += static_cast<std::size_t>(n);
    }
    errno = 0;
    if (reply != message_) fail("the echo differs");
  }

 private:
  std::string message_;
};

/// `count` turns over the connections in order, each with one turn outstanding. Blocking calls in a fixed order need no
/// epoll: two system calls a turn is the leanest a load can be, and an answer that comes early waits in its socket.
template <class Send, class Receive>
void exchange(const std::vector<int>& connections, long count, Send send_turn, Receive receive_turn) {
  const long width = std::min(static_cast<long>(connections.size()), count);
  for (long sent = 0; sent < count + width; ++sent) {
    int fd = connections[static_cast<std::size_t>(sent % width)];
    if (sent >= width) receive_turn(fd);
    if (sent < count) send_turn(fd);
  }
}

/// CPU time of all threads of a process, in nanoseconds.
inline double cpu_time(long pid) {
  double total = 0;
  for (const auto& task : std::filesystem::directory_iterator{"/proc/" + std::to_string(pid) + "/task"}) {
    double on_cpu = 0;
    std::ifstream{task.path() / "schedstat"} >> on_cpu;
    total += on_cpu;
  }
  return total;
}

inline double own_cpu_time() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e9 + static_cast<double>(spent.tv_nsec);
}

/// Nanoseconds since whenever.
inline double now() {
  return std::chrono::duration<double, std::nano>{std::chrono::steady_clock::now().time_since_epoch()}.count();
}

/// A server under load: `--servers PORT:PID,PORT:PID`.
struct Target {
  std::uint16_t port;
  long pid;
  std::vector<int> connections;
};

inline std::vector<Target> connect_all(std::string_view servers, long connections) {
  std::vector<Target> targets;
  for (auto item : std::views::split(servers, ',')) {
    Target target{};
    if (std::sscanf(std::string{item.begin(), item.end()}.c_str(), "%hu:%ld", &target.port, &target.pid) != 2) {
      fail("--servers takes PORT:PID,PORT:PID...");
    }
    for (long i = 0; i < connections; ++i) {
      target.connections.push_back(connect_to(target.port, static_cast<std::size_t>(i)));
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

/// Calls `slice(number, index of the target)` for all targets in turn, `slices` times, every time in another order, for
/// a server runs a little faster after one that left the caches as it likes them. Within milliseconds the machine stays
/// the same, over minutes it does not.
template <class Slice>
void take_turns(const std::vector<Target>& targets, long slices, Slice slice) {
  std::vector<std::size_t> order(targets.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::minstd_rand random{std::random_device{}()};
  for (long number = 0; number < slices; ++number) {
    std::ranges::shuffle(order, random);
    for (std::size_t index : order) slice(number, index);
  }
}

/// Loads the servers in turn, slices of `turns` each: `run(target, turns)`. Prints for every slice, in nanoseconds for a
/// message, `<slice> <server> <elapsed> <the server's CPU time> <own CPU time>`. A turn is `per_turn` messages.
template <class Run>
void measure(const std::vector<Target>& targets, long slices, long turns, long per_turn, Run run) {
  auto server_time = [](const Target& target) {
    usleep(100);  // the kernel books CPU time when a task leaves its CPU: let the server do so
    return cpu_time(target.pid);
  };
  const double messages = static_cast<double>(turns) * static_cast<double>(per_turn);
  take_turns(targets, slices, [&](long slice, std::size_t index) {
    const Target& target = targets[index];
    run(target, turns / 10 + 1);  // warms up
    double server = server_time(target), own = own_cpu_time(), start = now();
    run(target, turns);
    double elapsed = now() - start;
    own = own_cpu_time() - own;
    server = server_time(target) - server;
    std::printf("%ld %zu %.1f %.1f %.1f\n", slice, index, elapsed / messages, server / messages, own / messages);
  });
}

}  // namespace bench
