// Connections that are kept, shared, bounded and found dead.
#include <torc/http/client.hpp>

#include "http/scripted_server.hpp"

#include <sys/socket.h>

#include <optional>
#include <thread>

namespace torc::http {
namespace {

using namespace testing;

Deferred<void> until(std::function<bool()> done) {
  for (int i = 0; i < 5000 && !done(); ++i) co_await sleep(1ms);
  EXPECT_TRUE(done());
}

TEST(HttpClientPool, OneConnectionServesManyRequests) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked& asked) { return ok(asked.target()); });
    Client client;
    for (int i = 0; i < 50; ++i) {
      auto text = co_await whole(client, server.url("/" + std::to_string(i)));
      EXPECT_EQ(text, "200 /" + std::to_string(i));
    }
    EXPECT_EQ(server.accepted(), 1);
    EXPECT_EQ(client.idle_connections(), 1u);
  });
}

// The second request finds the kept connection closed after `cut` bytes of its response.
Deferred<void> meet_a_stale_connection(std::size_t cut, Reply::Then then, bool byte_by_byte) {
  Reply full = ok("hello");
  ScriptedServer server(
      [&](const Asked& asked) {
        if (asked.connection == 0 && asked.number == 1) return Reply{full.bytes.substr(0, cut), then};
        return full;
      },
      byte_by_byte);
  Client client;
  EXPECT_EQ(co_await whole(client, server.url()), "200 hello");
  auto second = co_await as_outcome(whole(client, server.url()));
  if (cut == 0 || cut == full.bytes.size()) {
    EXPECT_EQ(second.value(), "200 hello");
    EXPECT_EQ(server.accepted(), cut == 0 ? 2 : 1);
  } else {
    EXPECT_TRUE(!second && second.error().check<ConnectionLost>()) << cut;
    EXPECT_EQ(server.accepted(), 1);  // asked again, it might be done twice
  }
  EXPECT_EQ(co_await whole(client, server.url()), "200 hello");
}

TEST(HttpClientPool, AStaleConnectionIsSeenByNobodyUnlessAResponseHadBegun) {
  on_reactor([]() -> Deferred<void> {
    for (const bool byte_by_byte : {false, true}) {
      for (std::size_t cut = 0; cut <= ok("hello").bytes.size(); ++cut) {
        co_await meet_a_stale_connection(cut, Reply::kClose, byte_by_byte);
      }
    }
  });
}

TEST(HttpClientPool, AStaleConnectionThatIsResetIsSeenByNobody) {
  on_reactor([]() -> Deferred<void> {
    co_await meet_a_stale_connection(0, Reply::kAbort, false);
    // Closed while the request is on its way: the answer to it is a reset.
    std::optional<Stream> first;
    auto port = co_await listen("tcp:0:address=127.0.0.1", [&](this auto, Stream s) -> Deferred<void> {
      co_await s.read_until("\r\n\r\n");
      co_await s.write(ok("x").bytes);
      if (!first) {
        first.emplace(std::move(s));
        co_await until_cancelled();
      }
    });
    Client client;
    const std::string url = "http://" + port.address().str() + "/";
    EXPECT_EQ(co_await whole(client, url), "200 x");
    EXPECT_EQ(client.idle_connections(), 1u);
    first->abort();  // the client has not seen it yet
    auto second = whole(client, url);
    EXPECT_EQ(co_await second, "200 x");
  });
}

TEST(HttpClientPool, WhatCannotBeRepeatedIsNotSentTwice) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server(
        [](const Asked& asked) { return asked.number % 2 == 0 ? ok("x") : Reply{"", Reply::kClose}; });
    Client client;
    for (auto& [method, body] : {std::pair<std::string, std::string>{"POST", ""}, {"PUT", "content"}}) {
      EXPECT_EQ(co_await whole(client, server.url()), "200 x");
      auto lost = co_await as_outcome(client.fetch(server.url(), {.method = method, .body = Body(body)}));
      EXPECT_TRUE(!lost && lost.error().check<ConnectionLost>());
    }
    EXPECT_EQ(server.asked().size(), 4u);
  });
}

TEST(HttpClientPool, ARequestIsRepeatedOnceAndOnANewConnection) {
  on_reactor([]() -> Deferred<void> {
    int good = 3;
    ScriptedServer server(
        [&](const Asked&) { return good-- > 0 ? ok(std::string(1'000'000, 'x')) : Reply{"", Reply::kClose}; });
    Client client;
    // Three connections that will all turn out to be stale.
    std::vector<Deferred<std::string>> all;
    all.reserve(3);
    for (int i = 0; i < 3; ++i) all.push_back(whole(client, server.url()));
    co_await gather(std::move(all));
    EXPECT_EQ(client.idle_connections(), 3u);
    auto lost = co_await as_outcome(client.fetch(server.url()));
    EXPECT_TRUE(!lost && lost.error().check<ConnectionLost>());
    EXPECT_EQ(server.accepted(), 4);
    EXPECT_EQ(server.asked().size(), 5u);
    EXPECT_EQ(client.idle_connections(), 2u);
    // On a new connection it is not repeated at all.
    Client other;
    lost = co_await as_outcome(other.fetch(server.url()));
    EXPECT_FALSE(lost);
    EXPECT_EQ(server.asked().size(), 6u);
  });
}

TEST(HttpClientPool, AnIdleConnectionThatTheServerClosesIsForgotten) {
  on_reactor([]() -> Deferred<void> {
    std::vector<Stream> kept;
    auto port = co_await listen("tcp:0:address=127.0.0.1", [&](this auto, Stream s) -> Deferred<void> {
      co_await s.read_until("\r\n\r\n");
      co_await s.write(ok("x").bytes);
      kept.push_back(std::move(s));
    });
    Client client;
    const std::string url = "http://" + port.address().str() + "/";
    for (int how = 0; how < 3; ++how) {
      EXPECT_EQ(co_await whole(client, url), "200 x");
      EXPECT_EQ(client.idle_connections(), 1u);
      if (how == 0) kept.back().close();
      if (how == 1) kept.back().abort();
      if (how == 2) co_await kept.back().write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
      co_await until([&] { return client.idle_connections() == 0; });
    }
    EXPECT_EQ(co_await whole(client, url), "200 x");
  });
}

TEST(HttpClientPool, IdleConnectionsAreKeptForATimeAndInNumber) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked&) { return ok(std::string(100'000, 'x')); });
    ScriptedServer other([](const Asked&) { return ok(std::string(100'000, 'x')); });
    Client client({.idle_per_host = 3, .idle_total = 4, .idle_timeout = 50ms});
    const auto together = [&](ScriptedServer& to, int count) {
      std::vector<Deferred<std::string>> all;
      all.reserve(static_cast<std::size_t>(count));
      for (int i = 0; i < count; ++i) all.push_back(whole(client, to.url()));
      return gather(std::move(all));
    };
    co_await together(server, 6);
    EXPECT_EQ(client.idle_connections(), 3u);
    co_await together(other, 6);
    EXPECT_EQ(client.idle_connections(), 4u);  // the oldest of the first server made room
    co_await until([&] { return server.open() == 1 && other.open() == 3; });
    co_await until([&] { return client.idle_connections() == 0; });
    co_await until([&] { return server.open() == 0 && other.open() == 0; });
    Client none({.idle_per_host = 0});
    EXPECT_EQ((co_await whole(none, server.url())).size(), 100'004u);
    EXPECT_EQ(none.idle_connections(), 0u);
  });
}

TEST(HttpClientPool, RequestsBeyondTheLimitWaitTheirTurnInOrder) {
  on_reactor([]() -> Deferred<void> {
    std::size_t most = 0;
    ScriptedServer* asked_server = nullptr;
    ScriptedServer server([&](const Asked& asked) {
      most = std::max(most, asked_server->open());
      return ok(asked.target());
    });
    asked_server = &server;
    Client client({.active_per_host = 2});
    std::vector<Deferred<Response>> all;
    all.reserve(20);
    for (int i = 0; i < 20; ++i) all.push_back(client.fetch(server.url("/" + std::to_string(i))));
    all[5].cancel();
    {
      auto dropped = std::move(all[7]);
    }
    for (int i = 0; i < 20; ++i) {
      if (i == 7) continue;
      auto got = co_await as_outcome(std::move(all[static_cast<std::size_t>(i)]));
      EXPECT_EQ(got.has_value(), i != 5);
    }
    EXPECT_EQ(most, 2u);
    EXPECT_EQ(server.asked().size(), 18u);
    for (std::size_t i = 1; i < server.asked().size(); ++i) {
      const auto number = [&](std::size_t at) { return std::stoi(std::string(server.asked()[at].target().substr(1))); };
      EXPECT_LT(number(i - 1), number(i));
    }
  });
}

TEST(HttpClientPool, AResponseHoldsItsPlaceUntilItIsReadOrDropped) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked&) { return ok(std::string(1'000'000, 'x')); });
    Client client({.active_per_host = 1});
    std::optional<Response> first = co_await client.fetch(server.url());
    auto second = client.fetch(server.url());
    co_await sleep(20ms);
    EXPECT_EQ(server.asked().size(), 1u);
    first.reset();
    EXPECT_TRUE(second.pending());  // nobody is run by a destructor
    auto response = co_await second;
    auto third = client.fetch(server.url());
    EXPECT_EQ((co_await response.text()).size(), 1'000'000u);
    auto last = co_await third;
    EXPECT_EQ(server.accepted(), 2);  // dropping closed one, reading kept the other
    EXPECT_EQ((co_await last.text()).size(), 1'000'000u);
  });
}

TEST(HttpClientPool, AFailedRequestFreesItsPlace) {
  on_reactor([]() -> Deferred<void> {
    int number = 0;
    ScriptedServer server([&](const Asked&) {
      ++number;
      return number < 5 ? Reply{"nonsense\r\n\r\n"} : ok("x");
    });
    Client client({.active_per_host = 1});
    for (int i = 0; i < 4; ++i) {
      auto failed = co_await as_outcome(client.fetch(server.url()));
      EXPECT_TRUE(!failed && failed.error().check<ProtocolError>());
    }
    auto wrong = co_await as_outcome(client.fetch(server.url(), {.method = "A B"}));
    EXPECT_FALSE(wrong);
    EXPECT_EQ(co_await whole(client, server.url()), "200 x");
  });
}

TEST(HttpClientPool, AServerSeesIdleConnectionsEndInOrderWithTheReactor) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage raw;
  auto size = SocketAddress(IpAddress::loopback_v4(), 0).to_sockaddr(&raw);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&raw), size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&raw), &size);
  ssize_t end = -2;
  std::thread server([&] {
    const UniqueFd connection(::accept(listener.get(), nullptr, nullptr));
    char buffer[1000];
    ::recv(connection.get(), buffer, sizeof buffer, 0);
    const std::string answer = ok("x").bytes;
    ::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    end = ::recv(connection.get(), buffer, sizeof buffer, 0);
  });
  on_reactor([&](this auto) -> Deferred<void> {
    auto response =
        co_await get("http://" + SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&raw), size)->str() + "/");
    EXPECT_EQ(co_await response.text(), "x");
  });
  server.join();
  EXPECT_EQ(end, 0);  // not a reset
}

TEST(HttpClientPool, WaitingRequestsEndWithTheReactor) {
  Reactor reactor;
  std::string told;
  std::optional<Client> client;
  std::optional<ScriptedServer> server;
  std::vector<Deferred<void>> all;
  reactor.call_when_running([&] {
    client.emplace(ClientOptions{.active_per_host = 1});
    server.emplace([](const Asked&) { return Reply{"", Reply::kHang}; });
    for (int i = 0; i < 3; ++i) {
      all.push_back(client->fetch(server->url()).then_outcome([&](Outcome<Response> outcome) {
        told += outcome ? "answered " : outcome.error().check<ReactorStopped>() ? "stopped " : outcome.error().report();
      }));
    }
    reactor.call_later(20ms, [&] { reactor.stop(); }).detach();
  });
  reactor.run();
  EXPECT_EQ(told, "stopped stopped stopped ");
  EXPECT_EQ(client->idle_connections(), 0u);
  server.reset();
}

}  // namespace
}  // namespace torc::http
