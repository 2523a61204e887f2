// Owners that go away at any moment.
//
// Each case is a coroutine with its peers on one reactor. It is run again and again; in run N something is taken away
// after N turns of the loop, or inside its N-th step: the owner of the case, its peers, all of them, or the reactor
// stops. Nothing may be called, used, leaked or left open after that. A sanitizer sees most of what could go wrong;
// the rest is checked here.
#include <torc/http/client.hpp>
#include <torc/http/server.hpp>
#include <torc/net/connect.hpp>
#include <torc/reactor/thread_pool.hpp>
#include <torc/torc.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAnywhere = "tcp:0:address=127.0.0.1";
constexpr int kQuietTurns = 25;  // after the end of a run, for what should not come any more

std::ptrdiff_t open_descriptors() { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); }

enum class Taken {
  kOwner,
  kOwnerByCancelling,
  kOwnerCancelledAndDropped,
  kPeers,
  kEverything,
  kEverythingByCancelling,
  kReactor,
  kCount,
};
enum class When { kAfterTurns, kInsideStep };

std::string name_of(Taken taken) {
  switch (taken) {
    case Taken::kOwner: return "the owner is dropped";
    case Taken::kOwnerByCancelling: return "the owner is cancelled";
    case Taken::kOwnerCancelledAndDropped: return "the owner is cancelled and dropped";
    case Taken::kPeers: return "the peers are dropped";
    case Taken::kEverything: return "the peers and the owner are dropped";
    case Taken::kEverythingByCancelling: return "the owner is cancelled and the peers are dropped";
    case Taken::kReactor: return "the reactor stops";
    case Taken::kCount: break;
  }
  return "?";
}

// One run of a case.
class World {
 public:
  World(Taken taken, When when, int n) : taken_(taken), when_(when), n_(n) {}

  // For cases.

  /// Says that code of the case runs; also a moment at which things may be taken away.
  void step() {
    if (gone_from_outside_) ADD_FAILURE() << "the owner's code ran after it was dropped";
    peer_step();
  }
  /// The same for code that belongs to a peer.
  void peer_step() {
    if (when_ == When::kInsideStep && ++steps_ == n_) take();
  }
  /// Keeps `peer` until the peers are dropped.
  template <class P>
  P& keep(P peer) {
    auto kept = std::make_shared<P>(std::move(peer));
    P& result = *kept;
    peers_.push_back(std::move(kept));
    return result;
  }
  template <class... Handler>
  Deferred<Port*> port(Handler... handler) {
    Port port = co_await listen(kAnywhere, std::move(handler)...);
    co_return &keep(std::move(port));
  }
  /// The next turn of the loop.
  Deferred<void> turn() {
    auto [deferred, promise] = make_deferred<void>();
    reactor_.call_when_running([promise = std::move(promise)]() mutable { promise.set_value(); });
    return std::move(deferred);
  }
  bool has_peers() const { return !peers_.empty(); }
  void drop_peers() {
    while (!peers_.empty()) {
      const auto last = std::move(peers_.back());
      peers_.pop_back();
    }
  }

  /// False when the case had ended before anything was taken away.
  bool run(const std::function<Deferred<void>(World&)>& start) {
    reactor_.call_when_running([&] {
      auto started = start(*this).then_outcome([this](Outcome<void> outcome) {
        ended_ = true;
        if (!outcome && !happened_) ADD_FAILURE() << outcome.error().report();
      });
      if (drop_owner_later_) return;
      owner_.emplace(std::move(started));
    });
    watch_turns();
    reactor_.run();
    const Scheduler::Enter enter(&reactor_);
    drop_peers();
    owner_.reset();
    return happened_;
  }

 private:
  void watch_turns() {
    reactor_.call_when_running([this] {
      if (when_ == When::kAfterTurns && turns_ == n_ && !ended_) take();
      ++turns_;
      const bool waits = taken_ == Taken::kOwnerByCancelling && happened_ && !ended_;
      quiet_ = happened_ || ended_ ? quiet_ + !waits : 0;
      if (quiet_ > kQuietTurns) return reactor_.crash();
      if (reactor_.now() > begun_ + 20s) {
        ADD_FAILURE() << "still going on after 20 s";
        return reactor_.crash();
      }
      if (!stopped_) watch_turns();
    });
  }

  void take() {
    happened_ = true;
    switch (taken_) {
      case Taken::kOwner: return drop_owner();
      case Taken::kOwnerByCancelling:
        if (owner_) owner_->cancel();
        else ended_ = drop_owner_later_ = true;
        return;
      case Taken::kOwnerCancelledAndDropped:
        if (owner_) owner_->cancel();
        return drop_owner();
      case Taken::kPeers: return drop_peers();
      case Taken::kEverything:
        drop_peers();
        return drop_owner();
      case Taken::kEverythingByCancelling:
        if (owner_) owner_->cancel();
        drop_peers();
        return drop_owner();
      case Taken::kReactor:
        stopped_ = true;
        return reactor_.stop();
      case Taken::kCount: return;
    }
  }
  void drop_owner() {
    if (!owner_) {
      drop_owner_later_ = true;
      return;
    }
    auto owner = *std::move(owner_);
    owner_.reset();
    gone_from_outside_ = when_ == When::kAfterTurns;
  }

  const Taken taken_;
  const When when_;
  const int n_;
  Reactor reactor_{{.read_buffer = 32 * 1024, .shutdown_limit = 1s}};
  const Instant begun_ = reactor_.now();
  std::vector<std::shared_ptr<void>> peers_;
  std::optional<Deferred<void>> owner_;
  int turns_ = 0;
  int steps_ = 0;
  int quiet_ = 0;
  bool happened_ = false;
  bool ended_ = false;
  bool stopped_ = false;
  bool gone_from_outside_ = false;
  bool drop_owner_later_ = false;
};

using Case = std::function<Deferred<void>(World&)>;

// Runs `start` with everything taken away at every moment.
void at_every_moment(const Case& start) {
  const log::ScopedSink scope{std::make_shared<log::CaptureSink>()};  // failures that nobody hears of are no news here
  const auto before = open_descriptors();
  for (const When when : {When::kAfterTurns, When::kInsideStep}) {
    for (int taken = 0; taken < static_cast<int>(Taken::kCount); ++taken) {
      int n = when == When::kAfterTurns ? 0 : 1;
      for (bool more = true; more && !::testing::Test::HasFailure();) {
        SCOPED_TRACE(name_of(static_cast<Taken>(taken)) + (when == When::kAfterTurns ? " after turn " : " in step ") +
                     std::to_string(n));
        {
          World world(static_cast<Taken>(taken), when, n);
          more = world.run(start);
        }
        // A thread of a pool may hold the way back to its reactor a moment longer.
        for (int i = 0; i < 2000 && open_descriptors() != before; ++i) std::this_thread::sleep_for(1ms);
        EXPECT_EQ(open_descriptors(), before);
        n += 1 + n / 6;  // what waits for time takes many turns
      }
    }
  }
}

std::string where(const Port& port) { return "tcp:127.0.0.1:" + std::to_string(port.address().port()); }

// ---- waiting

TEST(DestroyedOwner, Sleep) {
  at_every_moment([](World& world) -> Deferred<void> {
    for (int i = 0; i < 2; ++i) {
      world.step();
      co_await sleep(1ms);
    }
  });
}

Deferred<int> slow(World& world, int turns) {
  for (int i = 0; i < turns; ++i) {
    world.step();
    co_await world.turn();
  }
  co_return turns;
}
Deferred<int> failing(World& world, int turns) {
  co_await slow(world, turns);
  throw Error("as planned");
}

TEST(DestroyedOwner, GatherWithTimeoutAndShield) {
  at_every_moment([](World& world) -> Deferred<void> {
    std::vector<Deferred<int>> good, bad;
    for (int i = 0; i < 4; ++i) good.push_back(slow(world, i));
    co_await gather(std::move(good));
    for (int i = 0; i < 4; ++i) bad.push_back(i == 2 ? failing(world, i) : with_timeout(1s, slow(world, 2 * i)));
    static_cast<void>(co_await as_outcome(gather(std::move(bad))));
    static_cast<void>(co_await as_outcome(with_timeout(1ms, until_cancelled())));
    co_await shield(1s, slow(world, 3).then([](int) {}));
    co_await slow(world, 3).then([&](int n) { return slow(world, n); }).then([](int) {}).finally([&] {
      return slow(world, 2).then([](int) {});
    });
  });
}

TEST(DestroyedOwner, TaskSetAndTaskGroup) {
  at_every_moment([](World& world) -> Deferred<void> {
    TaskSet set([&](Failure) { world.step(); });
    TaskGroup group;
    for (int i = 0; i < 4; ++i) {
      set.spawn(i == 2 ? failing(world, i) : slow(world, i));
      group.spawn(slow(world, i));
    }
    co_await group.join();
    co_await set.join();
    group.spawn(failing(world, 2));
    group.spawn(slow(world, 5));
    static_cast<void>(co_await as_outcome(group.join()));
    set.spawn(slow(world, 5));
    co_await set.cancel();
    set.spawn(slow(world, 5));
    group.spawn(slow(world, 5));
  });
}

TEST(DestroyedOwner, ThreadPoolAndLookup) {
  at_every_moment([](World& world) -> Deferred<void> {
    ThreadPool pool({.max = 2});
    std::vector<Deferred<int>> jobs;
    for (int i = 0; i < 4; ++i) jobs.push_back(pool.defer([i] { return i; }));
    world.step();
    co_await gather(std::move(jobs));
    world.step();
    static_cast<void>(co_await as_outcome(resolve("localhost", 80)));
    world.step();
  });
}

// ---- streams

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

UniqueFd temporary_file(std::size_t size) {
  UniqueFd file(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
  return file;
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

// ---- HTTP

http::Router application(World& world) {
  http::Router app;
  app.get("/sync", [&world](http::Request&) {
    world.peer_step();
    return http::text("sync");
  });
  app.get("/async", [&world](this auto, http::Request&) -> Deferred<http::Response> {
    for (int i = 0; i < 3; ++i) {
      co_await world.turn();
      world.peer_step();
    }
    co_return http::text("async");
  });
  app.get("/stream", [&world](http::Request&) {
    world.peer_step();
    return http::stream("text/plain", [&world](this auto, http::BodyWriter out) -> Deferred<void> {
      for (int i = 0; i < 4; ++i) {
        world.peer_step();
        co_await out.write("piece");
        world.peer_step();
        co_await world.turn();
      }
    });
  });
  app.get("/large", [&world](http::Request&) {
    world.peer_step();
    return http::stream("text/plain", [&world](this auto, http::BodyWriter out) -> Deferred<void> {
      const std::string block(512 * 1024, 'x');
      for (int i = 0; i < 4; ++i) {
        world.peer_step();
        co_await out.write(block);
      }
    });
  });
  app.get("/file", [&world](http::Request&) {
    world.peer_step();
    constexpr std::size_t kSize = 2 << 20;
    return http::Response(200, "text/plain", http::Body(http::FileRegion{temporary_file(kSize), 0, kSize}));
  });
  app.get("/redirect", [&world](http::Request&) {
    world.peer_step();
    return http::redirect("/async");
  });
  app.post("/read", [&world](this auto, http::Request& request) -> Deferred<http::Response> {
    std::size_t size = 0;
    while (auto piece = co_await request.body().read_some()) {
      world.peer_step();
      size += piece->size();
      co_await world.turn();
    }
    world.peer_step();
    co_return http::text(std::to_string(size));
  });
  app.post("/echo", [&world](http::Request& request) {
    world.peer_step();
    return http::Response(200, "text/plain", std::move(request.body()));
  });
  app.post("/ignore", [&world](this auto, http::Request&) -> Deferred<http::Response> {
    co_await world.turn();
    world.peer_step();
    co_return http::text("ignored");
  });
  return app;
}

struct Pieces final : http::BodySource {
  Pieces(World& world, int count) : world(world), left(count) {}
  Deferred<std::optional<Bytes>> read_some() override {
    co_await world.turn();
    std::optional<Bytes> piece;
    if (left-- > 0) piece.emplace(std::string(20'000, 'p'));
    world.step();  // may destroy us
    co_return piece;
  }
  World& world;
  int left;
};

Deferred<std::string> url_of(World& world) {
  auto& server = world.keep(co_await http::listen(kAnywhere, application(world)));
  co_return "http://127.0.0.1:" + std::to_string(server.address().port());
}

// Fetches, and again on the kept connection.
Case fetching(std::string path, std::string expected) {
  return [=](this auto, World& world) -> Deferred<void> {
    const std::string url = co_await url_of(world);
    http::Client client;
    for (int i = 0; i < 2; ++i) {
      world.step();
      auto response = co_await client.fetch(url + path);
      world.step();
      const std::string text = co_await response.text();
      world.step();
      if (!expected.empty()) EXPECT_EQ(text, expected);
    }
  };
}
Case posting(std::string path, int pieces) {
  return [=](this auto, World& world) -> Deferred<void> {
    const std::string url = co_await url_of(world);
    http::Client client;
    for (int i = 0; i < 2; ++i) {
      world.step();
      std::unique_ptr<http::BodySource> content = std::make_unique<Pieces>(world, pieces);
      auto response = co_await client.fetch(url + path, {.method = "POST", .body = http::Body(std::move(content))});
      world.step();
      while (auto piece = co_await response.body().read_some()) world.step();
    }
  };
}

TEST(DestroyedOwner, HttpSyncHandler) { at_every_moment(fetching("/sync", "sync")); }
TEST(DestroyedOwner, HttpAsyncHandler) { at_every_moment(fetching("/async", "async")); }
TEST(DestroyedOwner, HttpRedirect) { at_every_moment(fetching("/redirect", "async")); }
TEST(DestroyedOwner, HttpStreamedResponse) { at_every_moment(fetching("/stream", "piecepiecepiecepiece")); }
TEST(DestroyedOwner, HttpLargeStreamedResponse) { at_every_moment(fetching("/large", "")); }
TEST(DestroyedOwner, HttpFile) { at_every_moment(fetching("/file", "")); }
TEST(DestroyedOwner, HttpStreamedRequest) { at_every_moment(posting("/read", 3)); }
TEST(DestroyedOwner, HttpEchoedRequest) { at_every_moment(posting("/echo", 3)); }
TEST(DestroyedOwner, HttpIgnoredRequest) { at_every_moment(posting("/ignore", 3)); }

TEST(DestroyedOwner, HttpRequestsThatWaitForAPlace) {
  at_every_moment([](World& world) -> Deferred<void> {
    const std::string url = co_await url_of(world);
    http::Client client({.active_per_host = 1});
    std::vector<Deferred<void>> fetches;
    for (int i = 0; i < 3; ++i) {
      fetches.push_back([](World& world, http::Client& client, std::string url) -> Deferred<void> {
        auto response = co_await client.fetch(url);
        world.step();
        co_await response.text();
        world.step();
      }(world, client, url + "/async"));
    }
    co_await gather(std::move(fetches));
  });
}

TEST(DestroyedOwner, HttpClosingAServerWithPipelinedRequests) {
  at_every_moment([](World& world) -> Deferred<void> {
    auto& server = world.keep(co_await http::listen(kAnywhere, application(world)));
    const std::string where = "tcp:127.0.0.1:" + std::to_string(server.address().port());
    Stream busy = co_await connect(where);
    Stream idle = co_await connect(where);
    Stream half = co_await connect(where);
    const std::string host = " HTTP/1.1\r\nHost: x\r\n";
    co_await half.write("GET /sync" + host);
    while (server.connections() < 3) co_await world.turn();
    for (int i = 0; i < 3; ++i) co_await world.turn();
    co_await busy.write("GET /sync" + host + "\r\nGET /stream" + host + "\r\nGET /file" + host + "\r\n" +
                        "POST /read" + host + "Content-Length: 3\r\n\r\nabc" + "GET /async" + host + "\r\n");
    co_await busy.read_until("\r\n\r\n");
    world.step();
    if (!world.has_peers()) co_return;
    auto closing = server.close();
    co_await world.turn();
    co_await half.write("\r\n");
    half.shutdown_write();
    while (auto some = co_await busy.read_some()) world.step();
    while (auto some = co_await half.read_some()) world.step();
    while (auto some = co_await idle.read_some()) world.step();
    busy.close();  // the server waits for it
    co_await closing;
    world.step();
  });
}

}  // namespace
}  // namespace torc
