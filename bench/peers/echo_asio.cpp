// Echo on Boost.Asio with callbacks.
#include <memory>

#include "asio.hpp"

namespace {

using namespace bench;

class Connection {  // owns itself: there is always exactly one operation under way
 public:
  Connection(Socket socket, std::size_t buffer)
      : socket_{std::move(socket)}, data_{std::make_unique_for_overwrite<char[]>(buffer)}, size_{buffer} {
    socket_.set_option(tcp::no_delay{true});
  }

  void read() {
    socket_.async_read_some(asio::buffer(data_.get(), size_), [this](boost::system::error_code error, std::size_t size) {
      if (error) return delete this;
      write(size);
    });
  }

 private:
  void write(std::size_t size) {
    asio::async_write(socket_, asio::buffer(data_.get(), size), [this](boost::system::error_code error, std::size_t) {
      if (error) return delete this;
      read();
    });
  }

  Socket socket_;
  std::unique_ptr<char[]> data_;
  std::size_t size_;
};

void accept_next(Acceptor& acceptor, std::size_t buffer) {
  acceptor.async_accept([&acceptor, buffer](boost::system::error_code error, Socket socket) {
    if (!error) (new Connection{std::move(socket), buffer})->read();
    accept_next(acceptor, buffer);
  });
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments{argc, argv, {"port", "buffer"}};
  asio::io_context context{1};
  Acceptor acceptor = open_acceptor(context, arguments.port());
  accept_next(acceptor, buffer_size(arguments));
  context.run();
}
