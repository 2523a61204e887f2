// What the client puts on the wire, and what it refuses to.
#include <torc/http/client.hpp>

#include "http/scripted_server.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <stdexcept>

namespace torc::http {
namespace {

using namespace testing;

UniqueFd file_with(std::string_view content) {
  char name[] = "/tmp/torc-client-XXXXXX";
  UniqueFd file(::mkostemp(name, O_CLOEXEC));
  ::unlink(name);
  EXPECT_EQ(::write(file.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
  return file;
}

TEST(HttpClientRequest, SendsContentFromMemoryFilesAndSources) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked& asked) { return ok(std::to_string(asked.content.size())); });
    Client client;
    const auto sent = [&](this auto, Body body, std::string method = "POST") -> Deferred<Asked> {
      auto text = co_await whole(client, server.url(), {.method = std::move(method), .body = std::move(body)});
      EXPECT_EQ(text, "200 " + std::to_string(server.asked().back().content.size()));
      co_return server.asked().back();
    };
    auto small = co_await sent(Body("hello"));
    EXPECT_TRUE(small.has("Content-Length: 5\r\n"));
    EXPECT_EQ(small.content, "hello");
    const std::string large(5'000'000, 'l');
    auto big = co_await sent(Body(large), "PUT");
    EXPECT_EQ(big.content, large);
    auto none = co_await sent(Body());
    EXPECT_TRUE(none.has("Content-Length: 0\r\n"));
    auto file = co_await sent(Body(FileRegion{file_with("0123456789" + large), 5, 4'000'000}));
    EXPECT_TRUE(file.has("Content-Length: 4000000\r\n"));
    EXPECT_EQ(file.content, "56789" + large.substr(0, 4'000'000 - 5));
    auto chunked = co_await sent(Body(std::make_unique<Pieces>(std::vector<std::string>{"abc", "", "de"})));
    EXPECT_TRUE(chunked.has("Transfer-Encoding: chunked\r\n"));
    EXPECT_FALSE(chunked.has("Content-Length"));
    EXPECT_EQ(chunked.content, "3\r\nabc\r\n2\r\nde\r\n");
    auto known = co_await sent(Body(std::make_unique<Pieces>(std::vector<std::string>{"abc", "de"}, 5)));
    EXPECT_TRUE(known.has("Content-Length: 5\r\n"));
    EXPECT_EQ(known.content, "abcde");
    auto produced = co_await sent(produced_body([](BodyWriter out) -> Deferred<void> {
      co_await out.write("one");
      co_await out.write("two");
    }));
    EXPECT_EQ(produced.content, "3\r\none\r\n3\r\ntwo\r\n");
    EXPECT_EQ(server.accepted(), 1);  // none of it broke the connection
  });
}

TEST(HttpClientRequest, ContentThatFailsOrLiesAboutItsLengthFailsTheFetch) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked&) { return ok(""); });
    Client client({.active_per_host = 1});
    const auto error = [&](this auto, std::vector<std::string> pieces,
                           std::optional<std::uint64_t> length) -> Deferred<std::string> {
      auto got = co_await as_outcome(
          client.fetch(server.url(), {.method = "POST", .body = Body(std::make_unique<Pieces>(pieces, length))}));
      co_return got ? "no error" : got.error().message();
    };
    const std::string prefix = "fetching " + server.url() + ": ";
    EXPECT_EQ(co_await error({"abc", "fail"}, std::nullopt), prefix + "the tape broke");
    EXPECT_EQ(co_await error({"fail"}, 5), prefix + "the tape broke");
    EXPECT_EQ(co_await error({"abc"}, 5), prefix + "the content ended after 3 of the 5 bytes its source had announced");
    EXPECT_EQ(co_await error({"abc", "def"}, 5),
              prefix + "the content went on after 5 of the 5 bytes its source had announced");
    // A server that got half of it did not see an end.
    EXPECT_EQ(server.asked().size(), 0u);
    auto text = co_await whole(client, server.url());
    EXPECT_EQ(text, "200 ");
  });
}

TEST(HttpClientRequest, HearsAnAnswerThatComesBeforeTheContentIsSent) {
  on_reactor([]() -> Deferred<void> {
    bool reset = false;
    auto port = co_await listen("tcp:0:address=127.0.0.1", [&](this auto, Stream s) -> Deferred<void> {
      co_await s.read_until("\r\n\r\n");
      co_await s.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nlate");
      // A server that reads no more; it waits for the client to give up.
      auto rest = co_await as_outcome(s.read_some());
      co_await sleep(20ms);
      reset = rest.has_value();
    });
    Client client;
    auto text =
        co_await whole(client, "http://" + port.address().str() + "/", {.method = "POST", .body = Body(megabytes(50))});
    EXPECT_EQ(text, "413 late");
    EXPECT_EQ(client.idle_connections(), 0u);
    co_await port.close();
  });
}

TEST(HttpClientRequest, HearsAnAnswerThatAResetFollows) {
  on_reactor([]() -> Deferred<void> {
    // Closing with content unread makes the kernel reset the connection right behind the answer.
    auto port = co_await listen("tcp:0:address=127.0.0.1", [](Stream s) -> Deferred<void> {
      co_await s.read_until("\r\n\r\n");
      co_await sleep(5ms);
      co_await s.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nlate");
    });
    Client client;
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(co_await whole(client, "http://" + port.address().str() + "/",
                               {.method = "POST", .body = Body(megabytes(20))}),
                "413 late");
    }
    co_await port.close();
  });
}

TEST(HttpClientRequest, SendsOnWhileTheAnswerComes) {
  on_reactor([]() -> Deferred<void> {
    // Answers each line as it comes, as a bidirectional stream does.
    auto port = co_await listen("tcp:0:address=127.0.0.1", [](Stream s) -> Deferred<void> {
      co_await s.read_until("\r\n\r\n");
      co_await s.write("HTTP/1.1 200 OK\r\n\r\n");
      while (auto line = co_await s.read_line()) {
        if (*line == "0") co_return;
        co_await s.write(*line + ";");
      }
    });
    std::optional<BodyWriter> writer;
    Client client;
    auto response = co_await client.fetch(
        "http://" + port.address().str() + "/",
        {.method = "POST", .body = produced_body([&](this auto, BodyWriter out) -> Deferred<void> {
                             writer.emplace(out);
                             co_await until_cancelled();
                           })});
    std::string got;
    for (const char* word : {"one", "two", "three"}) {
      co_await writer->write(word);
      const std::string want = got + std::to_string(std::string_view(word).size()) + ";" + word + ";";
      while (got.size() < want.size()) got += *co_await response.body().read_some();
      EXPECT_EQ(got, want);
    }
  });
}

TEST(HttpClientRequest, RefusesWhatWouldSplitTheRequestOrLieAboutIt) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked&) { return ok(""); });
    Client client;
    const auto error = [&](this auto, std::string url, RequestOptions options) -> Deferred<std::string> {
      auto got = co_await as_outcome(client.fetch(std::move(url), std::move(options)));
      if (got) co_return "no error";
      EXPECT_TRUE((got.error().template check<BadUrl, InvalidRequest>())) << got.error().report();
      co_return got.error().message();
    };
    const std::string prefix = "fetching " + server.url() + ": ";
    for (const char* name : {"Host", "content-length", "Transfer-Encoding", "Connection"}) {
      auto message = co_await error(server.url(), {.headers = {{name, "1"}}});
      EXPECT_NE(message.find("is set by the client: leave it out"), std::string::npos) << message;
    }
    EXPECT_EQ(co_await error(server.url(), {.method = "GET / HTTP/1.1\r\nX:"}),
              prefix + "method \"GET / HTTP/1.1\\r\\nX:\": the method is not a token followed by a space");
    EXPECT_NE(co_await error(server.url(), {.method = ""}), "no error");
    EXPECT_NE(co_await error(server.url(), {.method = "CONNECT"}), "no error");
    EXPECT_NE(co_await error(server.url("/a b"), {}), "no error");
    EXPECT_NE(co_await error(server.url("/a\r\nX: y"), {}), "no error");
    EXPECT_NE(co_await error(server.url(std::string_view("/\0", 2)), {}), "no error");
    EXPECT_NE(co_await error("ftp://127.0.0.1/", {}), "no error");
    EXPECT_NE(co_await error("127.0.0.1", {}), "no error");
    EXPECT_NE(co_await error("http://user:secret@127.0.0.1/", {}), "no error");
    EXPECT_EQ(co_await error("https://example.org/", {}), "URL \"https://example.org/\": https is not supported yet");
    EXPECT_THROW(Headers({{"X", "a\r\nb"}}), std::invalid_argument);
    EXPECT_EQ(server.accepted(), 0);
  });
}

}  // namespace
}  // namespace torc::http
