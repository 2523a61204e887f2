// The client against servers that say exactly what a test wants said.
#include <torc/http/client.hpp>

#include "http/scripted_server.hpp"

#include <sys/socket.h>

#include <optional>

namespace torc::http {
namespace {

using namespace testing;

// ---- what a response is ----

struct Case {
  const char* what;
  std::string method;
  Reply reply;
  int status;
  const char* content;  // null: an error
  bool kept;            // another request can follow
};

std::vector<Case> cases() {
  const auto bytes = [](const char* text, Reply::Then then = Reply::kKeep) { return Reply{text, then}; };
  return {
      {"a length", "GET", ok("hello"), 200, "hello", true},
      {"no content", "GET", ok(""), 200, "", true},
      {"chunked", "GET", bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
       200, "abcde", true},
      {"chunked with extensions and trailers", "GET",
       bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
             "5;x=\"y\"\r\nhello\r\n0;last\r\nX-Sum: 7\r\n\r\n"),
       200, "hello", true},
      {"chunked and empty", "GET", bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 200, "",
       true},
      {"until the end", "GET", bytes("HTTP/1.1 200 OK\r\n\r\nall of it", Reply::kClose), 200, "all of it", false},
      {"until the end, empty", "GET", bytes("HTTP/1.1 200 OK\r\n\r\n", Reply::kClose), 200, "", false},
      {"HTTP/1.0", "GET", bytes("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi"), 200, "hi", false},
      {"HTTP/1.0 that stays", "GET", bytes("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi"),
       200, "hi", true},
      {"a server that says it closes", "GET",
       bytes("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", Reply::kClose), 200, "hi", false},
      {"HEAD", "HEAD", bytes("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), 200, "", true},
      {"HEAD, chunked", "HEAD", bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), 200, "", true},
      {"204", "DELETE", bytes("HTTP/1.1 204 No Content\r\n\r\n"), 204, "", true},
      {"304 with the length of what is not sent", "GET",
       bytes("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"), 304, "", true},
      {"interim responses first", "GET",
       bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
             "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"),
       404, "none", true},
      {"an unknown status", "GET", bytes("HTTP/1.1 599 \r\nContent-Length: 1\r\n\r\nx"), 599, "x", true},
      {"bytes behind the response", "GET", bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n"),
       200, "hi", false},
      {"nothing", "GET", bytes("", Reply::kClose), 0, nullptr, false},
      {"half a head", "GET", bytes("HTTP/1.1 200 OK\r\nContent-Le", Reply::kClose), 0, nullptr, false},
      {"only interim responses", "GET", bytes("HTTP/1.1 100 Continue\r\n\r\n", Reply::kClose), 0, nullptr, false},
      {"less than the length", "GET", bytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Reply::kClose), 200,
       nullptr, false},
      {"no last chunk", "GET",
       bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Reply::kClose), 200, nullptr,
       false},
      {"no empty line behind the last chunk", "GET",
       bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", Reply::kClose), 200, nullptr,
       false},
      {"a reset instead of the end", "GET", bytes("HTTP/1.1 200 OK\r\n\r\nall of", Reply::kAbort), 200, nullptr, false},
      {"no HTTP", "GET", bytes("SSH-2.0-OpenSSH_9.2\r\n"), 0, nullptr, false},
      {"two lengths", "GET", bytes("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), 0, nullptr,
       false},
      {"a length and chunks", "GET",
       bytes("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 0, nullptr, false},
      {"a chunk size that is none", "GET", bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), 200,
       nullptr, false},
      {"another protocol", "GET",
       bytes("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), 0, nullptr, false},
      {"a head without end", "GET", Reply{"HTTP/1.1 200 OK\r\nX: " + std::string(10'000, 'x')}, 0, nullptr, false},
  };
}

Deferred<void> judge(Case each, bool byte_by_byte) {
  SCOPED_TRACE(std::string(each.what) + (byte_by_byte ? ", byte by byte" : ""));
  ScriptedServer server([&](const Asked&) { return each.reply; }, byte_by_byte);
  Client client;
  auto got = co_await as_outcome(whole(client, server.url("/x"), {.method = each.method}));
  EXPECT_EQ(got.has_value(), each.content != nullptr);
  if (got && each.content) {
    EXPECT_EQ(*got, std::to_string(each.status) + " " + each.content);
  } else if (!got) {
    EXPECT_TRUE((got.error().check<ConnectionLost, ProtocolError>())) << got.error().report();
    EXPECT_TRUE(got.error().message().starts_with("fetching " + server.url("/x") + ": ")) << got.error().message();
  }
  for (int i = 0; i < 100 && !each.kept && client.idle_connections() > 0; ++i) co_await next_turn();
  EXPECT_EQ(client.idle_connections(), each.kept ? 1u : 0u);
}

TEST(HttpClient, ReadsResponsesOfEveryKind) {
  on_reactor([]() -> Deferred<void> {
    for (auto& each : cases()) co_await judge(each, false);
  });
}

TEST(HttpClient, ReadsResponsesThatComeByteByByte) {
  on_reactor([]() -> Deferred<void> {
    for (auto& each : cases()) {
      if (each.reply.bytes.size() < 5000) co_await judge(each, true);
    }
  });
}

TEST(HttpClient, GivesStatusFieldsAndUrl) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked&) {
      return Reply{
          "HTTP/1.1 418 I'm a teapot\r\nX-A: 1\r\nx-a: 2\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"};
    });
    Client client;
    auto response = co_await client.fetch(server.url("/pot?size=2#lid"));
    EXPECT_EQ(response.status(), 418);
    EXPECT_FALSE(response.ok());
    EXPECT_EQ(response.headers().all("X-A").size(), 2u);
    EXPECT_EQ(response.headers().get("content-type"), "text/plain");
    EXPECT_EQ(response.url(), server.url("/pot?size=2"));
    EXPECT_EQ(server.asked()[0].line(), "GET /pot?size=2 HTTP/1.1");
    EXPECT_TRUE(server.asked()[0].has("Host: " + server.origin().substr(7) + "\r\n"));
    EXPECT_TRUE(server.asked()[0].has("User-Agent: torc/"));
    EXPECT_TRUE(server.asked()[0].has("Accept: */*\r\n"));
    EXPECT_FALSE(server.asked()[0].has("Content-Length"));
  });
}

TEST(HttpClient, ContentIsReadPieceByPieceAndKnowsWhatIsLeft) {
  on_reactor([]() -> Deferred<void> {
    const std::string content(300'000, 'x');
    ScriptedServer server([&](const Asked&) { return ok(content); });
    Client client;
    auto response = co_await client.fetch(server.url());
    EXPECT_EQ(response.body().length(), content.size());
    std::size_t got = 0;
    while (auto piece = co_await response.body().read_some()) {
      got += piece->size();
      EXPECT_EQ(response.body().length(), content.size() - got);
    }
    EXPECT_EQ(got, content.size());
    auto after = co_await response.body().read_some();
    EXPECT_EQ(after, std::nullopt);
    EXPECT_EQ(client.idle_connections(), 1u);
  });
}

TEST(HttpClient, AReaderThatWaitsHoldsTheServerBack) {
  on_reactor([]() -> Deferred<void> {
    constexpr std::size_t kTotal = 64 << 20;
    std::size_t written = 0;
    auto port = co_await listen("tcp:0:address=127.0.0.1", [&](this auto, Stream s) -> Deferred<void> {
      co_await s.read_until("\r\n\r\n");
      co_await s.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kTotal) + "\r\n\r\n");
      const std::string block(1 << 20, 'x');
      for (; written < kTotal; written += block.size()) co_await s.write(block);
    });
    Client client;
    auto response = co_await client.fetch("http://" + port.address().str() + "/");
    const auto start = written;
    co_await sleep(50ms);
    EXPECT_LT(start, kTotal / 2);
    const auto held = written;
    co_await sleep(50ms);
    EXPECT_EQ(written, held);
    std::size_t got = 0;
    while (auto piece = co_await response.body().read_some()) got += piece->size();
    EXPECT_EQ(got, kTotal);
  });
}

TEST(HttpClient, TextBeyondItsLimitIsRefused) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked& asked) {
      if (asked.target() == "/length") return ok(std::string(300'000, 'x'));
      return Reply{"HTTP/1.1 200 OK\r\n\r\n" + std::string(300'000, 'x'), Reply::kClose};
    });
    Client client;
    for (const char* path : {"/length", "/end"}) {
      auto response = co_await client.fetch(server.url(path));
      auto text = co_await as_outcome(response.text(100'000));
      EXPECT_TRUE(!text && text.error().check<BodyTooLarge>());
    }
    EXPECT_EQ(client.idle_connections(), 0u);
  });
}

TEST(HttpClient, AFailedContentKeepsFailing) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server(
        [](const Asked&) { return Reply{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Reply::kClose}; });
    Client client;
    auto response = co_await client.fetch(server.url("/cut"));
    auto first = co_await response.body().read_some();
    EXPECT_EQ(first->view(), "hello");
    for (int i = 0; i < 2; ++i) {
      auto next = co_await as_outcome(response.body().read_some());
      EXPECT_TRUE(!next && next.error().check<IncompleteRead>());
      EXPECT_EQ(next.error().message(), "fetching " + server.url("/cut") +
                                            ": the server closed the connection after 5 of 10 bytes of the content");
    }
  });
}

TEST(HttpClient, ACancelledReadOfContentLosesNothing) {
  on_reactor([]() -> Deferred<void> {
    std::optional<Promise<void>> go;
    auto port = co_await listen("tcp:0:address=127.0.0.1", [&](this auto, Stream s) -> Deferred<void> {
      auto pair = make_deferred<void>();
      go.emplace(std::move(pair.promise));
      co_await s.read_until("\r\n\r\n");
      co_await s.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
      co_await pair.deferred;
      co_await s.write("0123456789");
    });
    Client client;
    auto response = co_await client.fetch("http://" + port.address().str() + "/");
    {
      auto dropped = response.body().read_some();
      EXPECT_TRUE(dropped.pending());
    }
    auto cancelled = response.body().read_some();
    cancelled.cancel();
    auto outcome = co_await as_outcome(std::move(cancelled));
    EXPECT_TRUE(!outcome && outcome.error().check<Cancelled>());
    go->set_value();
    auto text = co_await response.text();
    EXPECT_EQ(text, "0123456789");
  });
}

// ---- errors that name what was fetched ----

TEST(HttpClient, SaysWhatCouldNotBeReached) {
  on_reactor([]() -> Deferred<void> {
    std::string url;
    {
      ScriptedServer gone([](const Asked&) { return ok(""); });
      url = gone.url("/x");
    }
    Client client;
    auto refused = co_await as_outcome(client.fetch(url));
    EXPECT_TRUE(!refused && refused.error().check<ConnectError>());
    EXPECT_TRUE(refused.error().message().starts_with("fetching " + url + ": cannot connect to 127.0.0.1:"));
    auto unknown = co_await as_outcome(client.fetch("http://no-such-host.invalid/"));
    EXPECT_TRUE(!unknown && unknown.error().check<ConnectError>());
    EXPECT_TRUE(unknown.error().message().starts_with("fetching http://no-such-host.invalid/: "));
  });
}

TEST(HttpClient, TimeLimitsSayWhatWasWaitedFor) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked& asked) {
      if (asked.target() == "/head") return Reply{"HTTP/1.1 200 OK\r\n", Reply::kHang};
      return Reply{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Reply::kHang};
    });
    Client client({.active_per_host = 1});
    auto head = co_await as_outcome(client.fetch(server.url("/head"), {.method = "PUT", .timeout = 30ms}));
    EXPECT_TRUE(!head && head.error().check<TimeoutError>());
    EXPECT_EQ(head.error().message(),
              "fetching " + server.url("/head") + ": PUT, waiting for the response: timed out after 30 ms");
    auto response = co_await client.fetch(server.url("/content"), {.stall_timeout = 30ms});
    auto place = co_await as_outcome(client.fetch(server.url("/later"), {.timeout = 20ms}));
    EXPECT_TRUE(!place && place.error().check<TimeoutError>());
    EXPECT_TRUE(place.error().message().starts_with("fetching " + server.url("/later") +
                                                    ": GET, waiting for one of the 1 requests to "))
        << place.error().message();
    auto content = co_await as_outcome(response.text());
    EXPECT_TRUE(!content && content.error().check<TimeoutError>());
    EXPECT_EQ(content.error().message(),
              "fetching " + server.url("/content") + ": GET, waiting for more of the content: timed out after 30 ms");
  });
}

TEST(HttpClient, AListenerThatNeverAnswersIsATimeout) {
  on_reactor([]() -> Deferred<void> {
    // A full queue of waiting connections: the kernel answers no more.
    UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage raw;
    auto size = SocketAddress(IpAddress::loopback_v4(), 0).to_sockaddr(&raw);
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&raw), size), 0);
    EXPECT_EQ(::listen(listener.get(), 0), 0);
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&raw), &size);
    std::vector<UniqueFd> waiting;
    for (int i = 0; i < 4; ++i) {
      waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      EXPECT_LE(::connect(waiting.back().get(), reinterpret_cast<sockaddr*>(&raw), size), 0);
    }
    Client client;
    const auto url = "http://" + SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&raw), size)->str() + "/";
    auto got = co_await as_outcome(client.fetch(url, {.timeout = 50ms}));
    EXPECT_TRUE(!got && got.error().check<TimeoutError>());
    EXPECT_TRUE(got.error().message().starts_with("fetching " + url + ": GET, connecting: ")) << got.error().message();
  });
}

// ---- letting go ----

// Fetches and reads, `turns` turns of the loop long, then is dropped or cancelled. True when it had ended.
Deferred<bool> interrupted(Client& client, const ScriptedServer& server, int turns, bool cancel) {
  auto fetch = whole(client, server.url(),
                     {.method = "POST", .body = Body(std::make_unique<Pieces>(std::vector<std::string>{"a", "b"}))});
  for (int i = 0; i < turns && fetch.pending(); ++i) co_await next_turn();
  const bool ended = !fetch.pending();
  if (cancel) fetch.cancel();
  if (!fetch.pending()) {
    if (auto outcome = fetch.take(); !outcome) EXPECT_TRUE(outcome.error().check<Cancelled>());
  }
  co_return ended;
}

Deferred<void> let_go_at_each_step(bool cancel) {
  ScriptedServer server(
      [](const Asked&) { return Reply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}; },
      true);
  Client client({.active_per_host = 1});
  int steps = 0;
  while (!co_await interrupted(client, server, steps, cancel)) {
    ++steps;
    // Its place is free again, and nothing of it is left.
    auto text = co_await whole(client, server.url());
    EXPECT_EQ(text, "200 abc") << "after " << steps;
    EXPECT_EQ(client.idle_connections(), 1u);
  }
  EXPECT_GT(steps, 20);
}

TEST(HttpClient, DroppingAFetchAtAnyStepLeavesNothing) {
  on_reactor([] { return let_go_at_each_step(false); });
}

TEST(HttpClient, CancellingAFetchAtAnyStepLeavesNothing) {
  on_reactor([] { return let_go_at_each_step(true); });
}

TEST(HttpClient, MayBeDestroyedWhileItsFetchesAndResponsesGoOn) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked&) { return ok(std::string(500'000, 'x')); });
    std::optional<Client> client{std::in_place};
    co_await whole(*client, server.url());
    auto response = co_await client->fetch(server.url());
    auto fetch = client->fetch(server.url());
    EXPECT_TRUE(fetch.pending());
    client.reset();
    auto text = co_await response.text();
    EXPECT_EQ(text.size(), 500'000u);
    auto later = co_await fetch;
    text = co_await later.text();
    EXPECT_EQ(text.size(), 500'000u);
    while (server.open() > 0) co_await sleep(1ms);
  });
}

// ---- the reactor's own client ----

TEST(HttpClient, GetUsesTheClientOfTheReactor) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked& asked) { return ok(asked.method()); });
    for (int i = 0; i < 3; ++i) {
      auto page = co_await get(server.url(), {.timeout = 5s});
      EXPECT_EQ(co_await page.text(), "GET");
    }
    auto head = co_await fetch(server.url(), {.method = "OPTIONS"});
    EXPECT_EQ(co_await head.text(), "OPTIONS");
    EXPECT_EQ(server.accepted(), 1);
  });
}

TEST(HttpClient, ManyPagesAtOnce) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked& asked) { return ok(asked.target()); });
    std::vector<Deferred<Response>> pages;
    pages.reserve(200);
    for (int i = 0; i < 200; ++i) pages.push_back(get(server.url("/" + std::to_string(i))));
    int i = 0;
    for (auto& page : co_await gather(std::move(pages))) {
      EXPECT_EQ(co_await page.text(), "/" + std::to_string(i++));
    }
    EXPECT_LE(server.accepted(), 64);
  });
}

TEST(HttpClient, IdleConnectionsEndWithTheReactorUnseen) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  const auto descriptors = open_descriptors();
  {
    Reactor serving;
    std::optional<ScriptedServer> server;
    serving.call_when_running([&] { server.emplace([](const Asked&) { return ok("x"); }); });
    Deferred<void> asking = succeed();
    for (int run = 0; run < 2; ++run) {  // a reactor can be run again, its client too
      bool ended = false;
      serving.call_when_running([&] {
        asking = get(server->url()).then([&](Response response) {
          EXPECT_EQ(response.status(), 200);
          ended = true;
          serving.stop();
        });
      });
      serving.run();
      EXPECT_TRUE(ended);
      EXPECT_TRUE(asking.fired());
      asking.take().value();
      server.reset();
      serving.call_when_running([&] { server.emplace([](const Asked&) { return ok("x"); }); });
    }
    server.reset();
  }
  EXPECT_EQ(captured->count(), 0u) << captured->text();
  EXPECT_EQ(open_descriptors(), descriptors);
}

}  // namespace
}  // namespace torc::http
