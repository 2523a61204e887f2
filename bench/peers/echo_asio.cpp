// Echo on Boost.Asio with callbacks.
#include "asio.hpp"

namespace {

using namespace bench;

class Connection {  // owns itself: there is always exactly one operation under way
 public:
  explicit Connection(Socket socket) : socket_{std::move(socket)} { socket_.set_option(tcp::no_delay{true}); }

  void read() {
    socket_.async_read_some(asio::buffer(data_), [this](boost::system::error_code error, std::size_t size) {
      if (error) return delete this;
      write(size);
    });
  }

 private:
  void write(std::size_t size) {
    asio::async_write(socket_, asio::buffer(data_, size), [this](boost::system::error_code error, std::size_t) {
      if (error) return delete this;
      read();
    });
  }

  Socket socket_;
  char data_[kAsioReadSize];
};

void accept_next(Acceptor& acceptor) {
  acceptor.async_accept([&acceptor](boost::system::error_code error, Socket socket) {
    if (!error) (new Connection{std::move(socket)})->read();
    accept_next(acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments{argc, argv, {"port"}};
  asio::io_context context{1};
  Acceptor acceptor = open_acceptor(context, arguments.port());
  accept_next(acceptor);
  context.run();
}
