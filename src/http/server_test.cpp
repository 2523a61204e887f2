#include <torc/http/server.hpp>

#include "net/on_reactor.hpp"

#include <torc/base/log.hpp>
#include <torc/http/response.hpp>
#include <torc/torc.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace torc::http {
namespace {

using namespace std::chrono_literals;

// All that comes back for `request`, until the server closes. Dates are taken out.
Deferred<std::string> ask(const Server& server, std::string request, bool byte_by_byte = false) {
  auto stream = co_await connect("tcp:127.0.0.1:" + std::to_string(server.address().port()));
  if (byte_by_byte) {
    for (const char& c : request) {
      co_await stream.write(std::string_view(&c, 1));
      co_await sleep(0ms);
    }
  } else {
    co_await stream.write(request);
  }
  std::string answer;
  while (auto piece = co_await stream.read_some()) answer += *piece;
  for (std::size_t at; (at = answer.find("Date: ")) != std::string::npos;) answer.erase(at, answer.find("\r\n", at) + 2 - at);
  co_return answer;
}

Router app() {
  Router app;
  app.get("/hello/{name}", [](Request& r) { return text("Hello, " + r.param("name")); });
  app.get("/slow/{ms}", [](Request& r) -> Deferred<Response> {
    co_await sleep(std::chrono::milliseconds(std::stoi(r.param("ms"))));
    co_return text("after " + r.param("ms"));
  });
  app.post("/echo", [](Request& r) -> Deferred<Response> { co_return text(co_await r.body().text()); });
  app.post("/stream-echo", [](Request& r) { return Response(200, "application/octet-stream", std::move(r.body())); });
  app.post("/ignore", [](Request&) { return text("ignored"); });
  app.get("/chunks", [](Request&) {
    return stream("text/plain", [](BodyWriter out) -> Deferred<void> {
      for (const char* piece : {"one ", "two ", "three"}) {
        co_await out.write(piece);
        co_await sleep(1ms);
      }
    });
  });
  app.get("/cut", [](Request&) {
    return stream("text/plain", [](BodyWriter out) -> Deferred<void> {
      co_await out.write("some");
      throw std::runtime_error("source failed");
    });
  });
  app.get("/throws", [](Request&) -> Response { throw std::runtime_error("handler bug"); });
  app.get("/teapot", [](Request&) -> Response { throw StatusError(418, "no coffee"); });
  app.get("/empty", [](Request&) { return Response(204); });
  return app;
}

std::string get(const std::string& path, const std::string& extra = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + extra + "\r\n";
}
const std::string kClose = "Connection: close\r\n";

TEST(HttpServer, AnswersWholeAndByteByByte) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    const std::string expected =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 10\r\nConnection: close\r\n\r\nHello, you";
    for (const bool byte_by_byte : {false, true}) {
      EXPECT_EQ(co_await ask(server, get("/hello/you", kClose), byte_by_byte), expected);
    }
    co_await server.close();
  });
}

TEST(HttpServer, PipelinedRequestsAreAnsweredInOrderWhateverTheirHandlersTake) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    std::string requests, order;
    for (const int ms : {30, 1, 0, 10}) requests += get("/slow/" + std::to_string(ms));
    const auto answer = co_await ask(server, requests + get("/hello/last", kClose));
    for (std::size_t at = 0; (at = answer.find("after ", at)) != std::string::npos; at += 6) order += answer.substr(at + 6, 1);
    EXPECT_EQ(order, "3101");
    EXPECT_TRUE(answer.ends_with("Hello, last"));
  });
}

TEST(HttpServer, HundredsOfPipelinedRequestsOverrunNothing) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    std::string requests;
    for (int i = 0; i < 5000; ++i) requests += get("/hello/" + std::to_string(i));
    const auto answer = co_await ask(server, requests + get("/hello/last", kClose));
    std::size_t count = 0;
    for (std::size_t at = 0; (at = answer.find("HTTP/1.1 200", at)) != std::string::npos; ++at) ++count;
    EXPECT_EQ(count, 5001u);
  });
}

TEST(HttpServer, ReadsContentOfEveryFraming) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\n" + kClose;
    for (const bool byte_by_byte : {false, true}) {
      auto fixed = co_await ask(server, head + "Content-Length: 5\r\n\r\nhello", byte_by_byte);
      EXPECT_TRUE(fixed.ends_with("\r\n\r\nhello")) << fixed;
      auto chunked = co_await ask(server, head + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n", byte_by_byte);
      EXPECT_TRUE(chunked.ends_with("\r\n\r\nhello")) << chunked;
    }
  });
}

TEST(HttpServer, ARequestsContentCanBeTheResponses) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    const std::string content(3'000'000, 'z');
    const auto answer = co_await ask(server, "POST /stream-echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n" + kClose +
                                                      "\r\n" + content);
    EXPECT_TRUE(answer.ends_with("\r\n\r\n" + content));
  });
}

TEST(HttpServer, ContentNobodyReadsIsDiscardedAndTheConnectionKept) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    const auto answer = co_await ask(server, "POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde" + get("/hello/next", kClose));
    EXPECT_NE(answer.find("ignored"), std::string::npos);
    EXPECT_TRUE(answer.ends_with("Hello, next"));
  });
}

TEST(HttpServer, SaysContinueOnlyWhenTheContentIsWanted) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    auto wanted = co_await ask(server, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + kClose + "\r\nok");
    EXPECT_TRUE(wanted.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
    auto unwanted = co_await ask(server, "POST /ignore HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_TRUE(unwanted.starts_with("HTTP/1.1 200 OK"));
    EXPECT_NE(unwanted.find("Connection: close"), std::string::npos);
  });
}

TEST(HttpServer, StreamsInChunksAndToHttp10UntilClose) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    auto chunked = co_await ask(server, get("/chunks", kClose));
    EXPECT_TRUE(chunked.ends_with("4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n")) << chunked;
    auto plain = co_await ask(server, "GET /chunks HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(plain.ends_with("\r\n\r\none two three")) << plain;
  });
}

TEST(HttpServer, AFailingStreamCutsTheConnection) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    auto outcome = co_await as_outcome(ask(server, get("/cut")));
    EXPECT_TRUE(outcome.error().check<ConnectionLost>());
  });
  EXPECT_TRUE(captured->contains("source failed"));
}

TEST(HttpServer, HeadAnswersWithoutContent) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    const auto answer = co_await ask(server, "HEAD /hello/you HTTP/1.1\r\nHost: x\r\n" + kClose + "\r\n");
    EXPECT_NE(answer.find("Content-Length: 10"), std::string::npos);
    EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
    const auto empty = co_await ask(server, get("/empty", kClose));
    EXPECT_TRUE(empty.starts_with("HTTP/1.1 204 No Content\r\n"));
    EXPECT_EQ(empty.find("Content-Length"), std::string::npos);
  });
}

TEST(HttpServer, Http10KeepsAliveOnlyWhenAsked) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    auto once = co_await ask(server, "GET /hello/a HTTP/1.0\r\n\r\n");
    EXPECT_NE(once.find("Connection: close"), std::string::npos);
    auto twice = co_await ask(server, "GET /hello/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /hello/b HTTP/1.0\r\n\r\n");
    EXPECT_NE(twice.find("Connection: keep-alive"), std::string::npos);
    EXPECT_TRUE(twice.ends_with("Hello, b"));
  });
}

TEST(HttpServer, ErrorsOfHandlersAreAnsweredAndLogged) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    EXPECT_TRUE((co_await ask(server, get("/throws", kClose))).starts_with("HTTP/1.1 500 "));
    EXPECT_TRUE((co_await ask(server, get("/teapot", kClose))).starts_with("HTTP/1.1 418 "));
    EXPECT_TRUE((co_await ask(server, get("/nothing", kClose))).starts_with("HTTP/1.1 404 "));
    const auto refused = co_await ask(server, "DELETE /hello/x HTTP/1.1\r\nHost: x\r\n" + kClose + "\r\n");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 405 "));
    EXPECT_NE(refused.find("Allow: GET, HEAD"), std::string::npos) << refused;
  });
  EXPECT_TRUE(captured->contains("handler bug"));
  EXPECT_EQ(captured->count(LogLevel::kError), 1u) << captured->text();
}

TEST(HttpServer, MalformedRequestsGetOneAnswerAndTheConnectionCloses) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app(), {.limits = {.body = 10}});
    const auto status = [&server](this auto, std::string request) -> Deferred<std::string> {
      const auto answer = co_await ask(server, request);
      EXPECT_EQ(answer.find("HTTP/1.1 ", 1), std::string::npos) << "a second answer to " << request;
      co_return answer.substr(9, 3);
    };
    EXPECT_EQ(co_await status("GET / HTTP/1.1\r\n\r\n" + get("/hello/x")), "400");
    EXPECT_EQ(co_await status("GET /\r\n" + get("/hello/x")), "400");
    EXPECT_EQ(co_await status("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" + get("/hello/x")), "400");
    EXPECT_EQ(co_await status(get("/" + std::string(9000, 'a'))), "414");
    EXPECT_EQ(co_await status(get("/", "X: " + std::string(9000, 'a') + "\r\n")), "431");
    EXPECT_EQ(co_await status("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello world"), "413");
    EXPECT_EQ(co_await status("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n"), "413");
    EXPECT_EQ(co_await status("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), "505");
    EXPECT_EQ(co_await status("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), "501");
  });
}

TEST(HttpServer, SlowHeadsAndIdleConnectionsAreClosed) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app(), {.head_timeout = 50ms, .idle_timeout = 50ms});
    EXPECT_EQ(co_await ask(server, ""), "");
    EXPECT_TRUE((co_await ask(server, "GET / HT")).starts_with("HTTP/1.1 408 "));
    EXPECT_TRUE((co_await ask(server, get("/hello/x"))).ends_with("Hello, x"));
  });
}

TEST(HttpServer, ASlowReaderIsServedAStalledOneIsCut) {
  on_reactor([]() -> Deferred<void> {
    constexpr std::size_t kSize = 24 << 20;
    Router app;
    app.get("/large", [](Request&) { return text(std::string(kSize, 'x')); });
    auto server = co_await listen(kAnywhere, std::move(app), {.idle_timeout = 200ms, .stall_timeout = 200ms});
    const auto where = "tcp:127.0.0.1:" + std::to_string(server.address().port());
    const std::string request = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";

    auto slow = co_await connect(where);
    co_await slow.write(request);
    // The system takes megabytes at a time from the queue: between two such gulps lies more than the time limit.
    const auto end = std::chrono::steady_clock::now() + 2s;
    while (std::chrono::steady_clock::now() < end) {
      const auto piece = co_await slow.read_some();
      co_await sleep(std::chrono::microseconds(piece->size() / 4));  // some 4 MB/s
    }
    EXPECT_EQ(server.connections(), 1u);
    slow.abort();

    auto stalled = co_await connect(where);
    co_await stalled.write(request);
    while (server.connections() > 0) co_await sleep(10ms);
  });
}

TEST(HttpServer, ContentThatStopsComingIsAnswered) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app(), {.stall_timeout = 50ms});
    EXPECT_TRUE((co_await ask(server, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")).starts_with("HTTP/1.1 408 "));
  });
}

TEST(HttpServer, ContentThatStopsComingEndsAConnectionWhoeverWantsIt) {
  on_reactor([]() -> Deferred<void> {
    Router routes = app();
    routes.post("/late", [](Request& r) -> Deferred<Response> {
      co_await sleep(100ms);
      co_return text(co_await r.body().text());
    });
    auto server = co_await listen(kAnywhere, std::move(routes), {.stall_timeout = 50ms});
    const auto where = "tcp:127.0.0.1:" + std::to_string(server.address().port());
    const std::string rest = " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab";
    // Nobody wants it: the answer is out. Its handler wants it late. It is the answer.
    for (const std::string path : {"/ignore", "/late", "/stream-echo"}) {
      auto stream = co_await connect(where);
      co_await stream.write("POST " + path + rest);
      std::string answer;
      for (;;) {
        auto piece = co_await as_outcome(with_timeout(5s, stream.read_some()));
        if (!piece) EXPECT_FALSE(piece.error().check<TimeoutError>()) << path;
        if (!piece || !*piece) break;
        answer += **piece;
      }
      EXPECT_TRUE(answer.starts_with(path == "/late" ? "HTTP/1.1 408 " : "HTTP/1.1 200 ")) << path << answer;
    }
  });
}

TEST(HttpServer, ASourceOrAnAccessLogThatThrowsConcernsOneConnection) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  on_reactor([]() -> Deferred<void> {
    Router routes = app();
    routes.get("/broken", [](Request&) -> Deferred<Response> {
      co_await sleep(1ms);
      co_return stream("text/plain", [](BodyWriter) -> Deferred<void> { throw std::runtime_error("no coroutine"); });
    });
    auto server = co_await listen(kAnywhere, std::move(routes), {.access_log = [](const AccessLogEntry&) {
                                    throw std::runtime_error("log bug");
                                  }});
    auto broken = co_await as_outcome(ask(server, get("/broken")));
    EXPECT_FALSE(broken.has_value());
    EXPECT_TRUE((co_await ask(server, get("/slow/1", kClose))).ends_with("after 1"));
  });
  EXPECT_TRUE(captured->contains("no coroutine"));
  EXPECT_TRUE(captured->contains("log bug"));
}

TEST(HttpServer, AClientThatGoesAwayDropsItsHandler) {
  bool dropped = false, resumed = false;
  struct Witness {
    bool& gone;
    ~Witness() { gone = true; }
  };
  on_reactor([&](this auto) -> Deferred<void> {
    Router app;
    app.get("/", [&dropped, &resumed](this auto, Request&) -> Deferred<Response> {
      const Witness witness{dropped};
      co_await sleep(1h);
      resumed = true;
      co_return Response();
    });
    auto server = co_await listen(kAnywhere, std::move(app));
    {
      auto stream = co_await connect("tcp:127.0.0.1:" + std::to_string(server.address().port()));
      co_await stream.write(get("/"));
      co_await sleep(20ms);
      EXPECT_FALSE(dropped);
      stream.abort();
    }
    for (int i = 0; i < 100 && !dropped; ++i) co_await sleep(1ms);
  });
  EXPECT_TRUE(dropped);
  EXPECT_FALSE(resumed);
}

TEST(HttpServer, ClosingFinishesWhatIsBeingAnswered) {
  on_reactor([]() -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app());
    auto idle = co_await connect("tcp:127.0.0.1:" + std::to_string(server.address().port()));
    auto busy = ask(server, get("/slow/100"));
    co_await sleep(20ms);
    co_await server.close();
    EXPECT_EQ(server.connections(), 0u);
    const auto answer = co_await busy;
    EXPECT_TRUE(answer.ends_with("after 100"));
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    EXPECT_EQ(co_await idle.read_some(), std::nullopt);
  });
}

TEST(HttpServer, ServeDrainsWhenCancelled) {
  on_reactor([]() -> Deferred<void> {
    auto serving = serve(kAnywhere, app());
    EXPECT_TRUE(serving.pending());
    serving.cancel();
    auto outcome = co_await as_outcome(std::move(serving));
    EXPECT_TRUE(outcome.error().check<Cancelled>());
  });
}

TEST(HttpServer, AHandlerMayDestroyTheServer) {
  on_reactor([]() -> Deferred<void> {
    std::unique_ptr<Server> server;
    Router app;
    app.get("/sync", [&server](Request&) { return server.reset(), Response(200); });
    app.get("/async", [&server](this auto, Request&) -> Deferred<Response> {
      co_await sleep(1ms);
      server.reset();
      co_return Response(200);
    });
    app.get("/stream", [&server](Request&) {
      return stream("text/plain", [&server](this auto, BodyWriter out) -> Deferred<void> {
        co_await out.write("x");
        server.reset();
        co_await out.write("y");
      });
    });
    for (const char* path : {"/sync", "/async", "/stream"}) {
      Router again;
      again.mount("/", [&app](Request& r) { return app.handle(r); });
      server = std::make_unique<Server>(co_await listen(kAnywhere, std::move(again)));
      auto stream = co_await connect("tcp:127.0.0.1:" + std::to_string(server->address().port()));
      co_await stream.write(get(path));
      for (bool more = true; more;) {
        auto piece = co_await as_outcome(stream.read_some());
        more = piece && *piece;
      }
      EXPECT_EQ(server, nullptr) << path;
    }
  });
}

TEST(HttpServer, LogsEachExchangeInCombinedFormat) {
  std::string lines;
  on_reactor([&](this auto) -> Deferred<void> {
    auto server = co_await listen(kAnywhere, app(), {.access_log = [&lines](const AccessLogEntry& entry) {
      append_access_log(lines, entry);
      lines += '\n';
    }});
    co_await ask(server, get("/hello/you", "User-Agent: t\"x\r\nReferer: http://r/\r\n" + kClose));
    co_await ask(server, "nonsense\r\n\r\n");
  });
  EXPECT_NE(lines.find("127.0.0.1 - - ["), std::string::npos) << lines;
  EXPECT_NE(lines.find("\"GET /hello/you HTTP/1.1\" 200 10 \"http://r/\" \"t\\x22x\""), std::string::npos) << lines;
  EXPECT_NE(lines.find("\"-\" 400 "), std::string::npos) << lines;
}

}  // namespace
}  // namespace torc::http
