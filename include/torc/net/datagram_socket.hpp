// DatagramSocket: datagrams with results to wait for, for coroutines and fibers.
//
//   torc::Deferred<void> echo(torc::DatagramSocket socket) {
//     for (;;) {
//       auto datagram = co_await socket.receive();
//       co_await socket.send(datagram.data, datagram.from);
//     }
//   }
//
// The socket is read only while somebody waits, a batch at a time; what else a batch brought is kept for the
// next receive(). Until then the system holds what its buffer takes and drops the rest (counts().overrun).
// Destroying the DatagramSocket closes it. It must outlive its receives and sends. One thread: the reactor's.
#pragma once

#include <torc/base/bytes.hpp>
#include <torc/net/datagram.hpp>

#include <functional>

namespace torc {

struct Datagram {
  Bytes data;
  SocketAddress from;
  Arrival arrival;       // with DatagramOptions::want_arrival
  std::size_t size = 0;  // as it was sent; more than data.size() when it was longer than max_datagram

  bool cut() const noexcept { return size > data.size(); }
};

class DatagramSocket {
 public:
  DatagramSocket(DatagramSocket&&) noexcept;
  DatagramSocket& operator=(DatagramSocket&&) noexcept;
  ~DatagramSocket();

  /// The next datagram. Several may wait; they are served in the order they came.
  /// Cancellation: dropping a receive loses no datagram that it took from the socket.
  /// Errors: on a connected socket a DatagramError, once for each thing that went wrong: nobody listens there, for
  /// one. The socket goes on. DatagramsStopped and ReactorStopped end it.
  Deferred<Datagram> receive();

  /// Sends to `to`, or to the peer the socket is connected to. `by` is the Arrival of the datagram that this
  /// answers. Back-pressure: fires when the queue is below its high-water mark.
  /// Cancellation: dropping it leaves the datagram in the queue.
  /// Errors: DatagramTooLarge, DatagramQueueFull, DatagramsStopped. What happens to a datagram later is told by
  /// receive(), or to on_send_failed().
  Deferred<void> send(std::string_view data, const SocketAddress& to, const Arrival& by = {});
  Deferred<void> send(std::string_view data);

  /// Who is told of datagrams that did not get there, instead of receive(). Without one a socket that is not
  /// connected ignores them, as answers to clients that are gone.
  void on_send_failed(std::move_only_function<void(const SocketAddress& peer, const Failure& reason)> f);

  /// Closes; whoever waits gets DatagramsStopped.
  void close() noexcept;

  const SocketAddress& address() const noexcept;
  /// Connecting, groups and other settings of the socket; Cork, to send many in one system call.
  DatagramTransport& transport() const noexcept;

 private:
  friend DatagramSocket open_datagrams(const SocketAddress&, DatagramOptions);
  friend DatagramSocket connect_datagrams(const SocketAddress&, DatagramOptions);
  class Core;
  DatagramSocket(DatagramPort port, Core& core) noexcept;
  DatagramPort port_;
  Core* core_;  // the port's protocol
};

/// A socket at `where`, as listen_datagrams takes it. Throws CannotListen.
DatagramSocket open_datagrams(const SocketAddress& where, DatagramOptions options = {});
DatagramSocket open_datagrams(std::string_view where, DatagramOptions options = {});

/// A socket connected to `peer`, at an address that the system picks (UNIX: an abstract name, so that it can be
/// answered). Throws CannotListen, ConnectError.
DatagramSocket connect_datagrams(const SocketAddress& peer, DatagramOptions options = {});
DatagramSocket connect_datagrams(std::string_view peer, DatagramOptions options = {});

}  // namespace torc
