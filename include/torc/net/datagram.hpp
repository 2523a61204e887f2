// DatagramProtocol and DatagramPort: datagrams in callbacks, the leanest way.
//
//   class Echo : public torc::DatagramProtocol {
//     void datagram_received(std::string_view data, const torc::SocketAddress& from) override {
//       transport().send(data, from);
//     }
//   };
//   auto port = torc::listen_datagrams("127.0.0.1:8007", std::make_unique<Echo>());
//
// Datagrams are received many in one system call, and what is sent meanwhile leaves in one, too. Results to
// wait for instead of callbacks: torc/net/datagram_socket.hpp. Everything is on the current reactor.
//
// The order of calls: started, then the others in any number, then stopped once. Any callback may close the
// socket or destroy its port. An exception that escapes one is logged; the socket goes on.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/net/datagram_transport.hpp>

#include <memory>
#include <string_view>

namespace torc {

class DatagramProtocol {
 public:
  virtual ~DatagramProtocol() = default;

  /// The socket is open; transport() may be used from here until stopped() returns.
  virtual void started() {}
  /// A datagram came. `data` is valid during the call only.
  virtual void datagram_received(std::string_view data, const SocketAddress& from) = 0;
  /// A datagram of `size` bytes came, more than max_datagram: `data` is its beginning. Not also given to
  /// datagram_received. Unless overridden it is only counted.
  virtual void datagram_cut(std::string_view data, std::size_t size, const SocketAddress& from) {
    static_cast<void>(data), static_cast<void>(size), static_cast<void>(from);
  }
  /// A datagram sent to `peer` did not get there: a DatagramError, from the network (ICMP) or this system, or
  /// a SystemError. Never called from inside send().
  virtual void send_failed(const SocketAddress& peer, const Failure& reason) {
    static_cast<void>(peer), static_cast<void>(reason);
  }
  /// Queued bytes passed the high-water mark: a producer should pause.
  virtual void pause_writing() {}
  /// Queued bytes fell to the low-water mark: it may go on.
  virtual void resume_writing() {}
  /// The socket is closed, for `reason`: DatagramsStopped or ReactorStopped. The last call.
  virtual void stopped(const Failure& reason) { static_cast<void>(reason); }

  DatagramTransport& transport() noexcept { return *transport_; }

 private:
  friend class DatagramSocketTransport;
  DatagramTransport* transport_ = nullptr;
};

class DatagramSocketTransport;

/// An open datagram socket and its protocol. Destroying it closes the socket, without a call of stopped().
class [[nodiscard("dropping it closes the socket: keep it as long as it is to be open")]] DatagramPort {
 public:
  DatagramPort(DatagramPort&&) noexcept = default;
  DatagramPort& operator=(DatagramPort&&) noexcept = default;
  ~DatagramPort() = default;

  /// The own address; the port number is the real one also when 0 was asked for.
  const SocketAddress& address() const noexcept;
  DatagramTransport& transport() const noexcept;
  /// Closes the socket; fires when stopped() has returned.
  Deferred<void> close();

 private:
  friend class DatagramSocket;
  friend DatagramPort listen_datagrams(const SocketAddress&, std::unique_ptr<DatagramProtocol>, DatagramOptions);
  struct Drop {
    void operator()(DatagramSocketTransport* transport) const noexcept;
  };
  explicit DatagramPort(DatagramSocketTransport& transport) noexcept : transport_(&transport) {}
  std::unique_ptr<DatagramSocketTransport, Drop> transport_;
};

/// Opens a datagram socket at `where`, with `protocol` behind it: UDP at an IP address, of which [::] stands for
/// both families and port 0 for one that is free; UNIX at a path or an abstract name. A path that an ended
/// program left behind is replaced, one in use is not, and it is removed when the socket closes, if it is
/// still ours. Throws CannotListen, naming the address and the reason.
DatagramPort listen_datagrams(const SocketAddress& where, std::unique_ptr<DatagramProtocol> protocol,
                              DatagramOptions options = {});
/// As text: "127.0.0.1:53", "[::]:0", "unix:/run/log.sock", "unix:@abstract".
DatagramPort listen_datagrams(std::string_view where, std::unique_ptr<DatagramProtocol> protocol,
                              DatagramOptions options = {});

}  // namespace torc
