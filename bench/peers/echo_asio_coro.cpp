// Echo on Boost.Asio with coroutines.
#include "asio.hpp"

namespace {

using namespace bench;

template <class T>
using Awaitable = asio::awaitable<T, Executor>;
constexpr asio::use_awaitable_t<Executor> kAwait;

Awaitable<void> echo(Socket socket) {
  socket.set_option(tcp::no_delay{true});
  char data[kAsioReadSize];
  try {
    for (;;) {
      std::size_t size = co_await socket.async_read_some(asio::buffer(data), kAwait);
      co_await asio::async_write(socket, asio::buffer(data, size), kAwait);
    }
  } catch (const boost::system::system_error&) {  // the end of the stream is an error here
  }
}

Awaitable<void> serve(Acceptor acceptor) {
  for (;;) {
    Socket socket = co_await acceptor.async_accept(kAwait);
    asio::co_spawn(acceptor.get_executor(), echo(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments{argc, argv, {"port"}};
  asio::io_context context{1};
  asio::co_spawn(context.get_executor(), serve(open_acceptor(context, arguments.port())), asio::detached);
  context.run();
}
