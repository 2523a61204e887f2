// Where redirects lead, and what they take along.
#include <torc/http/client.hpp>

#include "http/client_request.hpp"
#include "http/scripted_server.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace torc::http {
namespace {

using namespace testing;

Reply moved(int status, std::string_view location) {
  return {"HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + std::string(location) +
          "\r\nContent-Length: 6\r\n\r\nthere!"};
}

ClientRequest request(std::string method, std::string_view url, std::string content = {}) {
  return {.method = std::move(method),
          .url = *Url::parse(url),
          .headers = {{"Authorization", "secret"},
                      {"Cookie", "a=b"},
                      {"Proxy-Authorization", "x"},
                      {"Content-Type", "t/x"}},
          .body = Body(std::move(content))};
}

TEST(HttpClientRedirect, RewritesTheMethodAsRfc9110Says) {
  struct Row {
    int status;
    const char* method;
    const char* becomes;
    bool keeps_content;
  };
  for (const Row& row :
       {Row{301, "GET", "GET", true}, Row{301, "POST", "GET", false}, Row{302, "POST", "GET", false},
        Row{301, "PUT", "PUT", true}, Row{302, "HEAD", "HEAD", true}, Row{302, "DELETE", "DELETE", true},
        Row{303, "POST", "GET", false}, Row{303, "PUT", "GET", false}, Row{303, "HEAD", "HEAD", false},
        Row{307, "POST", "POST", true}, Row{308, "POST", "POST", true}, Row{308, "PATCH", "PATCH", true}}) {
    auto asked = request(row.method, "http://h/a", "content");
    follow_redirect(asked, row.status, "/b");
    EXPECT_EQ(asked.method, row.becomes) << row.status << row.method;
    EXPECT_EQ(asked.has_content(), row.keeps_content) << row.status << row.method;
    EXPECT_EQ(asked.headers.contains("Content-Type"), row.keeps_content) << row.status << row.method;
    EXPECT_EQ(asked.url.str(), "http://h/b");
    EXPECT_EQ(asked.headers.size(), row.keeps_content ? 4u : 3u);
  }
}

TEST(HttpClientRedirect, CredentialsStayWithTheirOrigin) {
  for (const auto& [location, stays] : {std::pair{"http://h/x", true},
                                        {"//h:80/x", true},
                                        {"../x?y", true},
                                        {"#f", true},
                                        {"http://h:81/x", false},
                                        {"http://sub.h/x", false},
                                        {"//g/x", false}}) {
    auto asked = request("GET", "http://h/a/b");
    follow_redirect(asked, 302, location);
    for (const char* name : {"Authorization", "Cookie", "Proxy-Authorization"}) {
      EXPECT_EQ(asked.headers.contains(name), stays) << location << name;
    }
    EXPECT_TRUE(asked.headers.contains("Content-Type"));
  }
}

TEST(HttpClientRedirect, RefusesWhereItCannotGo) {
  for (const char* location :
       {"https://h/", "ftp://h/", "http://user@h/", "http://", "/a b", "//h:99999/", "javascript:x"}) {
    auto asked = request("GET", "http://h/a");
    EXPECT_THROW(follow_redirect(asked, 302, location), BadUrl) << location;
    EXPECT_EQ(asked.url.str(), "http://h/a");
  }
}

TEST(HttpClientRedirect, LeadsToTheFinalResponse) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer target(
        [](const Asked& asked) { return ok(std::string(asked.target()) + (asked.has("Cookie") ? "!" : "")); });
    ScriptedServer server([&](const Asked& asked) {
      if (asked.target() == "/1") return moved(301, "/2?x=1");
      if (asked.target() == "/2?x=1") return moved(307, asked.has("Cookie: a=b") ? target.url("/end#part") : "/no");
      return Reply{"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"};
    });
    Client client;
    auto response = co_await client.fetch(server.url("/1"), {.headers = {{"Cookie", "a=b"}}});
    EXPECT_EQ(co_await response.text(), "/end");
    EXPECT_EQ(response.url(), target.url("/end"));
    EXPECT_EQ(server.accepted(), 1);
    auto first = co_await client.fetch(server.url("/1"), {.follow_redirects = false});
    EXPECT_EQ(first.status(), 301);
    EXPECT_EQ(co_await first.text(), "there!");
  });
}

TEST(HttpClientRedirect, ARedirectWithoutALocationIsAResponse) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked& asked) {
      return Reply{"HTTP/1.1 " + std::string(asked.target().substr(1)) + " X\r\n" +
                   (asked.target() == "/300" || asked.target() == "/304" ? "Location: /x\r\n" : "") +
                   "Content-Length: 0\r\n\r\n"};
    });
    Client client;
    for (const char* status : {"300", "301", "302", "303", "304", "307", "308"}) {
      auto text = co_await whole(client, server.url(std::string("/") + status));
      EXPECT_EQ(text, std::string(status) + " ");
    }
  });
}

TEST(HttpClientRedirect, EndsARoundTripOfRedirects) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked& asked) { return moved(302, asked.target() == "/a" ? "/b" : "/a"); });
    Client client;
    auto lost = co_await as_outcome(client.fetch(server.url("/a"), {.max_redirects = 4}));
    EXPECT_TRUE(!lost && lost.error().check<TooManyRedirects>());
    EXPECT_EQ(lost.error().message(),
              "fetching " + server.url("/a") + ": redirected to " + server.url("/a") + ": more than 4 redirects");
    EXPECT_EQ(server.asked().size(), 5u);
    lost = co_await as_outcome(client.fetch(server.url("/a"), {.max_redirects = 0}));
    EXPECT_TRUE(!lost && lost.error().check<TooManyRedirects>());
  });
}

TEST(HttpClientRedirect, ContentIsSentAgainWhereItCanBe) {
  char name[] = "/tmp/torc-redirect-XXXXXX";
  const UniqueFd file(::mkostemp(name, O_CLOEXEC));
  ::unlink(name);
  ASSERT_EQ(::write(file.get(), "from a file", 11), 11);
  on_reactor([&](this auto) -> Deferred<void> {
    ScriptedServer server([](const Asked& asked) {
      return asked.target() == "/a" ? moved(308, "/b") : ok(std::string(asked.method()) + " " + asked.content);
    });
    Client client;
    EXPECT_EQ(co_await whole(client, server.url("/a"), {.method = "POST", .body = Body("again")}), "200 POST again");
    FileRegion region{UniqueFd(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0)), 5, 6};
    EXPECT_EQ(co_await whole(client, server.url("/a"), {.method = "PUT", .body = Body(std::move(region))}),
              "200 PUT a file");
    auto source = Body(std::make_unique<Pieces>(std::vector<std::string>{"once"}));
    auto lost = co_await as_outcome(client.fetch(server.url("/a"), {.method = "POST", .body = std::move(source)}));
    EXPECT_TRUE(!lost && lost.error().template check<InvalidRequest>());
    EXPECT_NE(lost.error().message().find("cannot be sent again"), std::string::npos);
  });
}

TEST(HttpClientRedirect, ContentOnItsWayDoesNotHoldARedirectUp) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer target([](const Asked& asked) { return ok(std::string(asked.method())); });
    auto port = co_await listen("tcp:0:address=127.0.0.1", [&](this auto, Stream s) -> Deferred<void> {
      co_await s.read_until("\r\n\r\n");
      co_await s.write(moved(303, target.url()).bytes);
      while (co_await s.read_some()) co_await sleep(1ms);
    });
    Client client;
    const std::string url = "http://" + port.address().str() + "/";
    EXPECT_EQ(co_await whole(client, url, {.method = "POST", .body = Body(megabytes(30))}), "200 GET");
    co_await port.close();
  });
}

TEST(HttpClientRedirect, SaysWhereItWasGoing) {
  on_reactor([]() -> Deferred<void> {
    ScriptedServer server([](const Asked& asked) {
      if (asked.target() == "/secure") return moved(302, "https://example.org/");
      if (asked.target() == "/two")
        return Reply{"HTTP/1.1 302 X\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"};
      return moved(302, "http://no-such-host.invalid/x");
    });
    Client client;
    auto secure = co_await as_outcome(client.fetch(server.url("/secure")));
    EXPECT_TRUE(!secure && secure.error().check<BadUrl>());
    EXPECT_EQ(secure.error().message(),
              "fetching " + server.url("/secure") + ": redirected to https://example.org/: https is not supported yet");
    auto gone = co_await as_outcome(client.fetch(server.url("/gone")));
    EXPECT_TRUE(!gone && gone.error().check<ConnectError>());
    EXPECT_TRUE(gone.error().message().starts_with("fetching " + server.url("/gone") +
                                                   ": redirected to http://no-such-host.invalid/x: "));
    auto two = co_await as_outcome(client.fetch(server.url("/two")));
    EXPECT_TRUE(!two && two.error().check<ProtocolError>());
  });
}

}  // namespace
}  // namespace torc::http
