// Owners of datagram sockets that go away at any moment.
#include "tests/stress/every_moment.hpp"

#include <torc/net/datagram_socket.hpp>

#include <string_view>

namespace torc::stress {
namespace {

Deferred<void> answer(World& world, DatagramSocket socket) {
  for (;;) {
    world.peer_step();
    auto datagram = co_await socket.receive();
    world.peer_step();
    co_await socket.send(datagram.data, datagram.from);
  }
}

// Where a peer answers.
SocketAddress answering(World& world) {
  auto socket = open_datagrams("127.0.0.1:0");
  const SocketAddress address = socket.address();
  world.keep(answer(world, std::move(socket)).recover<ReactorStopped>([](const ReactorStopped&) {}));
  return address;
}

TEST(DestroyedOwner, DatagramsSentAndReceived) {
  at_every_moment([](World& world) -> Deferred<void> {
    auto socket = connect_datagrams(answering(world));
    world.step();
    for (int i = 0; i < 3; ++i) {
      co_await socket.send("question");
      world.step();
      auto answer = co_await socket.receive();
      EXPECT_EQ(answer.data, "question");
      world.step();
    }
    auto first = socket.receive();
    auto second = socket.receive();
    co_await world.turn();
    world.step();
    socket.close();
    EXPECT_FALSE((co_await as_outcome(std::move(second))).has_value());
    world.step();
    EXPECT_FALSE((co_await as_outcome(std::move(first))).has_value());
  });
}

TEST(DestroyedOwner, DatagramsRefused) {
  at_every_moment([](World& world) -> Deferred<void> {
    auto socket = connect_datagrams("127.0.0.1:1");
    for (int i = 0; i < 2; ++i) {
      world.step();
      co_await socket.send("anybody?");
      auto refused = co_await as_outcome(socket.receive());
      world.step();
      EXPECT_FALSE(refused.has_value());
    }
  });
}

TEST(DestroyedOwner, DatagramsThatWaitForASlowReceiver) {
  at_every_moment([](World& world) -> Deferred<void> {
    auto& slow = world.keep(open_datagrams("unix:@torc-stress-" + std::to_string(::getpid())));
    auto socket = connect_datagrams(slow.address(), {.high_water = 3000, .low_water = 1000});
    for (int i = 0; i < 24; ++i) {
      world.step();
      auto sending = socket.send(std::string(500, 'x'));
      while (sending.pending()) {
        world.step();
        if (!world.has_peers()) co_return;
        co_await slow.receive();
        co_await world.turn();
      }
      co_await std::move(sending);
    }
  });
}

// Takes its port away inside each of the calls it gets.
class Dropping : public DatagramProtocol {
 public:
  explicit Dropping(World* world) : world_(world) {}
  ~Dropping() override { world_->peer_step(); }
  void started() override { world_->peer_step(); }
  void datagram_received(std::string_view data, const SocketAddress& from) override {
    world_->peer_step();
    transport().send(data, from);
    world_->peer_step();
    transport().send(data, SocketAddress(IpAddress::loopback_v4(), 1));
    world_->peer_step();
  }
  void datagram_cut(std::string_view, std::size_t, const SocketAddress& from) override {
    world_->peer_step();
    transport().send("too long", from);
  }
  void send_failed(const SocketAddress&, const Failure&) override { world_->peer_step(); }
  void stopped(const Failure&) override { world_->peer_step(); }

 private:
  World* world_;
};

TEST(DestroyedOwner, EveryCallOfADatagramProtocol) {
  at_every_moment([](World& world) -> Deferred<void> {
    auto& port = world.keep(
        listen_datagrams("127.0.0.1:0", std::make_unique<Dropping>(&world), {.max_datagram = 100}));
    auto socket = connect_datagrams(port.address());
    for (const std::string& question : {std::string("short"), std::string(101, 'x'), std::string("last")}) {
      world.step();
      co_await socket.send(question);
      auto answer = co_await as_outcome(socket.receive());
      if (!answer || !world.has_peers()) co_return;
    }
    world.step();
    if (world.has_peers()) co_await port.close();
    world.step();
  });
}

}  // namespace
}  // namespace torc::stress
