// Connections in memory: two ends, no socket, on any Scheduler, be it a reactor or testing::Clock.
//
//   testing::Clock clock;
//   auto [client, server] = testing::connected_pair({.latency = 50ms});
//   auto greeting = server.read_line();
//   auto sent = client.write("hello\n");
//   clock.advance(50ms);                      // greeting has fired
//
// They behave as TCP connections do: between the ends "the system" holds `capacity` bytes each way and no more, what is
// written arrives in a later turn, never inside the call, and an abort is seen as a reset. One thing is kinder: an end
// that closes with bytes unread does not reset its peer. One thread: the scheduler's. An end lives on the scheduler that
// was current when it was made, and ends with it: a reactor that stops tells it, one that is destroyed takes along what
// a Connection or nobody holds. A Stream may be left over, but is of no use any more; one that was upgraded must go first.
#pragma once

#include <torc/base/address.hpp>
#include <torc/base/time.hpp>
#include <torc/net/connection.hpp>
#include <torc/net/protocol.hpp>
#include <torc/net/stream.hpp>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace torc::testing {

/// Asked before each read and each write of "the system": 0, or the errno that it fails with. EAGAIN puts it off to the
/// next turn, EINTR repeats it.
using Fault = std::function<int()>;

/// The first `operations` succeed, the one after them fails with `error`. Both ends count together, as do all connections
/// that are given copies of one.
Fault fail_after(std::size_t operations, int error = ECONNRESET);

struct MemoryOptions {
  /// Bytes under way that the system takes, each way.
  std::size_t capacity = 64 * 1024;
  /// Bytes that a read gives, and a write takes, at most.
  std::size_t most_read = 64 * 1024;
  std::size_t most_written = 64 * 1024;
  /// How long a byte, an end and a reset are under way.
  Duration latency = Duration::zero();
  Fault fault = {};
  /// The addresses of the two ends; none unless given.
  SocketAddress first_address = {};
  SocketAddress second_address = {};
  TransportOptions transport = {};
};

/// Two streams, each the other's peer, on the current scheduler.
std::pair<Stream, Stream> connected_pair(MemoryOptions options = {});

/// A protocol with a stream for its peer, and two with each other. What connection_made writes is under way.
std::pair<Connection, Stream> connected(std::unique_ptr<Protocol> protocol, MemoryOptions options = {});
std::pair<Connection, Connection> connected(std::unique_ptr<Protocol> first, std::unique_ptr<Protocol> second,
                                            MemoryOptions options = {});

}  // namespace torc::testing
