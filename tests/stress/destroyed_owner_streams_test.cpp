// Owners of connections that go away at any moment.
#include "tests/stress/every_moment.hpp"

#include <string_view>

namespace torc::stress {
namespace {

std::string where(const Port& port) { return "tcp:127.0.0.1:" + std::to_string(port.address().port()); }

Deferred<void> write_slowly(World& world, Stream stream) {
  for (const char c : std::string("one\ntwo\nthree\n12345678rest")) {
    world.peer_step();
    co_await stream.write({&c, 1});
    co_await world.turn();
  }
}

TEST(DestroyedOwner, ConnectAndReads) {
  at_every_moment([](World& world) -> Deferred<void> {
    Port* port = co_await world.port([&world](Stream s) { return write_slowly(world, std::move(s)); });
    Stream stream = co_await connect(where(*port));
    world.step();
    EXPECT_EQ(co_await stream.read_until("\n"), "one");
    world.step();
    EXPECT_EQ(co_await stream.read_line(), "two");
    world.step();
    EXPECT_EQ(co_await stream.read_until("ee\n"), "thr");
    world.step();
    EXPECT_EQ(co_await stream.read_exactly(8), "12345678");
    while (auto some = co_await stream.read_some()) world.step();
    world.step();
  });
}

TEST(DestroyedOwner, WriteWithBackPressure) {
  at_every_moment([](World& world) -> Deferred<void> {
    Port* port = co_await world.port([&world](this auto, Stream stream) -> Deferred<void> {
      for (int i = 0; i < 4; ++i) co_await world.turn();
      for (;;) {
        world.peer_step();
        std::size_t got = 0;
        for (int i = 0; i < 40; ++i) {
          auto some = co_await stream.read_some();
          if (!some) co_return;
          got += some->size();
        }
        co_await world.turn();
      }
    });
    Stream stream = co_await connect(where(*port));
    const std::string block(1024 * 1024, 'x');
    for (int i = 0; i < 8; ++i) {
      world.step();
      co_await stream.write(block);
    }
    world.step();
  });
}

TEST(DestroyedOwner, SendFile) {
  at_every_moment([](World& world) -> Deferred<void> {
    constexpr std::size_t kSize = 2 << 20;
    Port* port = co_await world.port([&world](this auto, Stream stream) -> Deferred<void> {
      for (int i = 0; i < 2; ++i) {
        world.peer_step();
        co_await stream.send_file(temporary_file(kSize), 0, kSize);
        co_await stream.write("between");
      }
      world.peer_step();
    });
    Stream stream = co_await connect(where(*port));
    for (int i = 0; i < 2; ++i) {
      world.step();
      EXPECT_EQ((co_await stream.read_exactly(kSize + 7)).size(), kSize + 7);
    }
  });
}

TEST(DestroyedOwner, ClosingAPort) {
  at_every_moment([](World& world) -> Deferred<void> {
    Port* port = co_await world.port([&world](this auto, Stream stream) -> Deferred<void> {
      for (int i = 0; i < 6; ++i) {
        world.peer_step();
        co_await world.turn();
        co_await stream.write("x");
      }
    });
    std::vector<Stream> streams;
    const std::string address = where(*port);
    for (int i = 0; i < 3; ++i) streams.push_back(co_await connect(address));
    world.step();
    co_await streams[0].read_some();
    if (!world.has_peers()) co_return;
    auto closing = port->close(5s);
    world.step();
    co_await closing;
    world.step();
  });
}

// Takes its port away inside each of the calls it gets.
class Dropping : public Protocol {
 public:
  explicit Dropping(World* world) : world_(world) {}
  ~Dropping() override { world_->peer_step(); }
  void connection_made() override { world_->peer_step(); }
  void data_received(std::string_view data) override {
    for (const char c : data) {
      world_->peer_step();
      transport().write(std::string(c == 'B' ? 4'000'000 : 1, c));
      world_->peer_step();
    }
  }
  void end_received() override {
    world_->peer_step();
    transport().close();
  }
  void pause_writing() override { world_->peer_step(); }
  void resume_writing() override { world_->peer_step(); }
  void drain() override {
    world_->peer_step();
    transport().close();
  }
  void connection_lost(const Failure&) override { world_->peer_step(); }

 private:
  World* world_;
};

struct DroppingFactory : ProtocolFactory {
  explicit DroppingFactory(World& world) : world(world) {}
  std::unique_ptr<Protocol> build() override {
    world.peer_step();
    return std::make_unique<Dropping>(&world);
  }
  World& world;
};

TEST(DestroyedOwner, EveryCallOfAProtocol) {
  at_every_moment([](World& world) -> Deferred<void> {
    Port* port = co_await world.port(std::make_unique<DroppingFactory>(world));
    const std::string address = where(*port);
    Stream first = co_await connect(address);
    Stream second = co_await connect(address);
    Stream third = co_await connect(address);
    world.step();
    co_await first.write("ab");
    EXPECT_EQ(co_await first.read_exactly(2), "ab");
    co_await first.write("B");
    co_await world.turn();
    co_await world.turn();
    co_await first.read_exactly(4'000'000);
    second.shutdown_write();
    co_await second.read_some();
    world.step();
    if (world.has_peers()) co_await port->close();
    world.step();
  });
}

TEST(DestroyedOwner, HandlersThatRunToTheirEndAtOnce) {
  at_every_moment([](World& world) -> Deferred<void> {
    Port* port = co_await world.port([&world](Stream stream) -> Deferred<void> {
      world.peer_step();
      static_cast<void>(stream.write("hello"));
      world.peer_step();
      return succeed();
    });
    std::vector<Deferred<Stream>> connecting;
    for (int i = 0; i < 4; ++i) connecting.push_back(connect(where(*port)));
    for (auto& each : co_await gather(std::move(connecting))) {
      world.step();
      EXPECT_EQ(co_await each.read_exactly(5), "hello");
    }
  });
}

}  // namespace
}  // namespace torc::stress
