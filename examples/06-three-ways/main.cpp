// The same homepages fetched one after another, with threads, and all at once with Deferreds; the times side by side.
//
//   06-three-ways
//
// Needs no network: it asks a server of its own, in a thread of its own, that takes 100 ms for each page.
#include <torc/http/client.hpp>
#include <torc/http/server.hpp>
#include <torc/torc.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
namespace http = torc::http;

const std::vector<std::string> kPages{"/search", "/news", "/mail", "/maps", "/shop"};

torc::Deferred<http::Server> start_server() {
  http::Router app;
  app.get("/{page}", [](http::Request& r) {
    return torc::sleep(100ms).then([page = r.param("page")] { return http::text("Welcome to " + page + "\n"); });
  });
  return http::listen("tcp:0:address=127.0.0.1", std::move(app));
}

torc::Deferred<std::string> fetch(http::Client& client, std::string url) {
  auto page = co_await client.fetch(std::move(url));
  co_return co_await page.text();
}

// As a library of old would do it: nothing else happens on this thread meanwhile.
std::string fetch_blocking(int port, const std::string& path) {
  const torc::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(static_cast<in_port_t>(port)),
                            .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw torc::SystemError("connecting", errno);
  }
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) throw torc::SystemError("sending", errno);
  std::string response;
  char buffer[4096];
  for (ssize_t got; (got = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;) {
    response.append(buffer, static_cast<std::size_t>(got));
  }
  return response.substr(response.find("\r\n\r\n") + 4);
}

using Texts = std::vector<std::string>;

// In a fiber it looks as if it blocked, but the loop goes on.
Texts one_after_another(http::Client& client, const std::string& site) {
  Texts texts;
  for (const auto& page : kPages) texts.push_back(torc::await(fetch(client, site + page)));
  return texts;
}

torc::Deferred<Texts> with_threads(int port) {
  std::vector<torc::Deferred<std::string>> texts;
  for (const auto& page : kPages) {
    texts.push_back(torc::defer_to_thread([port, page] { return fetch_blocking(port, page); }));
  }
  return torc::gather(std::move(texts));
}

torc::Deferred<Texts> with_deferreds(http::Client& client, const std::string& site) {
  std::vector<torc::Deferred<std::string>> texts;
  for (const auto& page : kPages) texts.push_back(fetch(client, site + page));
  return torc::gather(std::move(texts));
}

torc::Deferred<void> timed(const char* how, torc::Deferred<Texts> fetching) {
  const auto begun = std::chrono::steady_clock::now();
  std::size_t bytes = 0;
  for (const auto& text : co_await fetching) bytes += text.size();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
  std::printf("%-18s %6.0f ms  %zu pages, %zu bytes\n", how, took.count(), kPages.size(), bytes);
}

int main() {
  torc::BackgroundReactor elsewhere;
  const auto server = elsewhere.call(start_server);
  const int port = server.wait(5s).address().port();

  return torc::run([port](this auto) -> torc::Deferred<void> {
    const std::string site = "http://127.0.0.1:" + std::to_string(port);
    http::Client client;
    co_await timed("one after another", torc::defer_to_fiber([&] { return one_after_another(client, site); }));
    co_await timed("with threads", with_threads(port));
    co_await timed("with Deferreds", with_deferreds(client, site));
  });
}
