// Owners of HTTP servers, clients and what goes on between them, that go away at any moment.
#include "tests/stress/every_moment.hpp"

#include <torc/http/client.hpp>
#include <torc/http/server.hpp>

namespace torc::stress {
namespace {

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
}  // namespace torc::stress
