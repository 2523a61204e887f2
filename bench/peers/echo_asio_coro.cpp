// Echo on Boost.Asio with coroutines.
#include <memory>

#include "asio.hpp"

namespace {

using namespace bench;

template <class T>
using Awaitable = asio::awaitable<T, Executor>;
constexpr asio::use_awaitable_t<Executor> kAwait;

Awaitable<void> echo(Socket socket, std::size_t buffer) {
  socket.set_option(tcp::no_delay{true});
  const auto data = std::make_unique_for_overwrite<char[]>(buffer);
  try {
    for (;;) {
      std::size_t size = co_await socket.async_read_some(asio::buffer(data.get(), buffer), kAwait);
      co_await asio::async_write(socket, asio::buffer(data.get(), size), kAwait);
    }
  } catch (const boost::system::system_error&) {  // the end of the stream is an error here
  }
}

Awaitable<void> serve(Acceptor acceptor, std::size_t buffer) {
  for (;;) {
    Socket socket = co_await acceptor.async_accept(kAwait);
    asio::co_spawn(acceptor.get_executor(), echo(std::move(socket), buffer), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments{argc, argv, {"port", "buffer"}};
  asio::io_context context{1};
  asio::co_spawn(context.get_executor(), serve(open_acceptor(context, arguments.port()), buffer_size(arguments)),
                 asio::detached);
  context.run();
}
