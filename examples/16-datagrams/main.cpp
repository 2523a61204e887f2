// A UDP echo server, with callbacks and as a coroutine, and a client of both.
//
//   16-datagrams
#include <torc/net/datagram.hpp>
#include <torc/net/datagram_socket.hpp>
#include <torc/torc.hpp>

#include <cstdio>
#include <string>
#include <vector>

class Echo : public torc::DatagramProtocol {
  void datagram_received(std::string_view data, const torc::SocketAddress& from) override {
    transport().send(data, from);
  }
};

torc::Deferred<void> echo(torc::DatagramSocket& socket) {
  for (;;) {
    auto datagram = co_await socket.receive();
    co_await socket.send(datagram.data, datagram.from);
  }
}

torc::Deferred<void> ask(torc::SocketAddress server, std::string question) {
  auto socket = torc::connect_datagrams(server);
  co_await socket.send(question);
  try {
    auto answer = co_await torc::with_timeout(std::chrono::seconds(5), socket.receive());
    std::printf("%s answered: %s\n", question.c_str(), answer.data.str().c_str());
  } catch (const torc::DatagramRefused&) {
    std::printf("%s refuses: nobody listens there\n", question.c_str());
  }
}

torc::Deferred<void> amain(std::vector<std::string>) {
  auto port = torc::listen_datagrams("127.0.0.1:0", std::make_unique<Echo>());
  auto socket = torc::open_datagrams("[::1]:0");
  auto serving = echo(socket);
  co_await ask(port.address(), "the callbacks");
  co_await ask(socket.address(), "the coroutine");
  const torc::SocketAddress gone = port.address();
  co_await port.close();
  co_await ask(gone, "the closed one");
}

int main(int argc, char** argv) { return torc::run(amain, argc, argv); }
