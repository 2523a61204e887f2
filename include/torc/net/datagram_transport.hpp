// DatagramTransport: a datagram socket, UDP or UNIX, as a DatagramProtocol sees it.
//
// What is sent goes to the socket at once, or with others in one system call while a Cork lives, as it does
// while a batch of datagrams is delivered; only what the socket does not take is copied into a queue with a
// limit. An idle socket holds no buffer. An error of one datagram ends neither the socket nor the others:
// it is told to DatagramProtocol::send_failed. On a socket for both families IPv4 peers are shown as IPv4
// addresses. One thread: the reactor's.
#pragma once

#include <torc/base/address.hpp>
#include <torc/net/datagram_errors.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace torc {

struct DatagramOptions {
  /// Bytes of a datagram; a longer one is cut and told so. At most 1 MiB.
  std::size_t max_datagram = 65'535;
  /// Queued bytes above which the protocol is told to pause, and at which it is told to go on.
  std::size_t high_water = 256 * 1024;
  std::size_t low_water = 64 * 1024;
  /// What the queue holds at most, in bytes and in datagrams. Beyond, sending is refused.
  std::size_t queue_limit = 4 * 1024 * 1024;
  std::size_t queue_count = 4096;
  /// The system's own buffers, in bytes; 0 leaves them as they are. The system may give less (net.core.rmem_max).
  int receive_buffer = 0;
  int send_buffer = 0;
  /// Several sockets may have the address: with the first all of them get a multicast datagram, with the second
  /// the system spreads what comes over them.
  bool reuse_address = false;
  bool reuse_port = false;
  /// The address [::] without IPv4.
  bool v6_only = false;
  bool broadcast = false;
  /// Learn where each datagram was sent to (Arrival), and answer from there.
  bool want_arrival = false;
  /// Let the system join datagrams of one size on their way in and out; a protocol sees them one by one.
  bool offload = true;
  /// Permissions of a UNIX path.
  unsigned mode = 0666;
};

/// Where a datagram arrived. Empty unless DatagramOptions::want_arrival is set.
struct Arrival {
  IpAddress destination;        // what the sender wrote to: an own address, a group, a broadcast address
  IpAddress local;              // the own address to answer from; any where that is for the system to choose
  std::uint32_t interface = 0;  // the index of the interface it came by
};

/// What became of datagrams since the socket was opened.
struct DatagramCounts {
  std::uint64_t received = 0;
  std::uint64_t cut = 0;      // longer than max_datagram
  std::uint64_t overrun = 0;  // dropped by the system, whose buffer was full
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;   // told to send_failed
  std::uint64_t refused = 0;  // send() gave false
};

class DatagramTransport {
 public:
  DatagramTransport(const DatagramTransport&) = delete;
  DatagramTransport& operator=(const DatagramTransport&) = delete;

  /// Sends to the peer of connect().
  /// Errors: false when it is dropped here, because the queue is full or the socket closed. What else goes
  /// wrong, now or later, is told to the protocol.
  virtual bool send(std::string_view data) noexcept = 0;
  /// Sends to `to`. With want_arrival, an answer given while the sender's datagram is delivered leaves from
  /// the address that one came to; a later one does with its `by`.
  virtual bool send(std::string_view data, const SocketAddress& to) noexcept = 0;
  virtual bool send(std::string_view data, const SocketAddress& to, const Arrival& by) noexcept = 0;

  /// Sends to, and receives from, this peer only from now on; may be called again. Throws ConnectError.
  virtual void connect(const SocketAddress& peer) = 0;
  /// Closes at once; what is queued is dropped. DatagramProtocol::stopped follows, later.
  virtual void close() noexcept = 0;

  /// Bytes that wait for the socket.
  virtual std::size_t unsent() const noexcept = 0;
  /// True from when the queue passed the high-water mark until it is down at the low one.
  virtual bool full() const noexcept = 0;
  /// While one lives, what is sent gathers and leaves together when the outermost ends.
  class Cork;
  [[nodiscard]] Cork cork() noexcept;

  /// Stops and restarts the calls of datagram_received; meanwhile the system keeps what its buffer holds.
  virtual void pause_reading() noexcept = 0;
  virtual void resume_reading() noexcept = 0;

  /// The own address, the peer of connect(), and the Arrival of the datagram that is being delivered.
  virtual SocketAddress local() const = 0;
  virtual SocketAddress peer() const = 0;
  virtual const Arrival& arrival() const noexcept = 0;
  virtual DatagramCounts counts() const noexcept = 0;

  // The following throw SystemError where the system refuses, naming what was asked for.

  /// Receives what is sent to `group`, by the interface of that name ("eth0"), or the one that the system's
  /// routes give.
  virtual void join(const IpAddress& group, std::string_view interface) = 0;
  void join(const IpAddress& group) { join(group, {}); }
  virtual void leave(const IpAddress& group, std::string_view interface) = 0;
  void leave(const IpAddress& group) { leave(group, {}); }
  /// By which interface datagrams to groups leave.
  virtual void set_outgoing_interface(std::string_view interface) = 0;
  /// Routers that datagrams to groups may pass; 1, the local network, unless set.
  virtual void set_multicast_ttl(int hops) = 0;
  /// Whether this machine gets what it sends to groups; true unless set.
  virtual void set_loopback(bool on) = 0;
  /// Routers that all other datagrams may pass.
  virtual void set_ttl(int hops) = 0;
  virtual void set_broadcast(bool on) = 0;

 protected:
  DatagramTransport() = default;
  ~DatagramTransport() = default;
  virtual void begin_cork() noexcept = 0;
  virtual void end_cork() noexcept = 0;
};

class [[nodiscard]] DatagramTransport::Cork {
 public:
  /// The transport stays at least as long as the cork.
  explicit Cork(DatagramTransport& transport) noexcept : transport_(transport) { transport_.begin_cork(); }
  ~Cork() { transport_.end_cork(); }
  Cork(const Cork&) = delete;
  Cork& operator=(const Cork&) = delete;

 private:
  DatagramTransport& transport_;
};

inline DatagramTransport::Cork DatagramTransport::cork() noexcept { return Cork(*this); }

}  // namespace torc
