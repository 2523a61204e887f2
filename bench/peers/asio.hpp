// What the Asio programs share: concrete executors and a single-threaded context, the fastest way to use Asio.
#pragma once

#include <boost/asio.hpp>

#include "../program.hpp"

namespace bench {

namespace asio = boost::asio;
using asio::ip::tcp;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;

// Of `--buffer` bytes, held by each connection for as long as it lives.
inline std::size_t buffer_size(const Arguments& arguments) {
  return static_cast<std::size_t>(arguments.number("buffer", 16 * 1024));
}

inline Acceptor open_acceptor(asio::io_context& context, std::uint16_t port) {
  Acceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), port}};
  acceptor.listen(SOMAXCONN);
  announce(acceptor.local_endpoint().port());
  return acceptor;
}

}  // namespace bench
