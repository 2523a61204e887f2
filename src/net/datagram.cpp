#include <torc/net/datagram.hpp>

#include "net/datagram_address.hpp"
#include "net/datagram_socket_transport.hpp"

#include <torc/net/errors.hpp>

#include <string>
#include <utility>

namespace torc {

SocketAddress detail::datagram_address(std::string_view text) {
  auto address = SocketAddress::parse(text);
  if (!address) throw CannotListen("cannot open a datagram socket: " + address.error());
  return *std::move(address);
}

void DatagramPort::Drop::operator()(DatagramSocketTransport* transport) const noexcept { transport->drop(); }

const SocketAddress& DatagramPort::address() const noexcept { return transport_->address(); }
DatagramTransport& DatagramPort::transport() const noexcept { return *transport_; }
Deferred<void> DatagramPort::close() { return transport_->close_and_wait(); }

DatagramPort listen_datagrams(const SocketAddress& where, std::unique_ptr<DatagramProtocol> protocol,
                              DatagramOptions options) {
  Reactor& reactor = Reactor::required("listen_datagrams");
  DatagramPort port(*new DatagramSocketTransport(reactor, detail::open_datagram_socket(where, options), options));
  port.transport_->start(std::move(protocol));
  return port;
}

DatagramPort listen_datagrams(std::string_view where, std::unique_ptr<DatagramProtocol> protocol,
                              DatagramOptions options) {
  return listen_datagrams(detail::datagram_address(where), std::move(protocol), options);
}

}  // namespace torc
