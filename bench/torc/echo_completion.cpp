// Echo on torc's input and output by completion, without transports: what the reactor adds to a bare ring.
#include "reactor/completion.hpp"

#include <torc/reactor/reactor.hpp>

#include "../program.hpp"

#include <memory>
#include <vector>

namespace {

using torc::detail::Submission;

class Server;

class Connection final : torc::detail::ReceiveSink, torc::detail::SendSink {
 public:
  Connection(Server& server, torc::detail::CompletionIo& io, torc::UniqueFd socket)
      : server_(server), io_(io), socket_(std::move(socket)), receive_(io.receive(socket_.get(), *this)) {}

 private:
  // The loads wait for the whole answer before they send again: there is one send at a time.
  void received(std::span<char> bytes) noexcept override {
    if (send_.active()) {
      waiting_.append(bytes.data(), bytes.size());
    } else {
      send_ = io_.send(socket_.get(), torc::Bytes({bytes.data(), bytes.size()}), *this);
    }
  }
  void sent(int) noexcept override {
    if (waiting_.empty()) return;
    send_ = io_.send(socket_.get(), torc::Bytes(waiting_), *this);
    waiting_.clear();
  }
  void receive_ended(int) noexcept override;

  Server& server_;
  torc::detail::CompletionIo& io_;
  torc::UniqueFd socket_;
  std::string waiting_;
  Submission send_, receive_;
};

class Server final : torc::detail::AcceptSink {
 public:
  Server(torc::detail::CompletionIo& io, int listener) : io_(io), accept_(io.accept(listener, *this)) {}
  void over(Connection& connection) {
    std::erase_if(connections_, [&](const auto& each) { return each.get() == &connection; });
  }

 private:
  void accepted(torc::UniqueFd socket) noexcept override {
    bench::set_nodelay(socket.get());
    connections_.push_back(std::make_unique<Connection>(*this, io_, std::move(socket)));
  }
  void accept_ended(int code) noexcept override {
    errno = code;
    bench::fail("accept");
  }

  torc::detail::CompletionIo& io_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Submission accept_;
};

void Connection::receive_ended(int) noexcept { server_.over(*this); }

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port"}};
  const auto [listener, port] = bench::listen_on(arguments.port());
  torc::Reactor reactor{{.backend = torc::Backend::kUring}};
  if (!reactor.completion()) bench::fail("io_uring");
  Server server(*reactor.completion(), listener);
  bench::announce(port);
  reactor.run();
}
