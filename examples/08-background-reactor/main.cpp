// A program without a loop of its own: torc runs one in the background, and main() calls into it and waits.
//
//   08-background-reactor
//
// A web server runs in the background reactor, and so does the client that asks it.
#include <torc/http/client.hpp>
#include <torc/http/server.hpp>
#include <torc/torc.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <utility>

using namespace std::chrono_literals;
namespace http = torc::http;

torc::Deferred<http::Server> start() {
  http::Router app;
  app.get("/hello/{name}", [](http::Request& r) { return http::text("Hello, " + r.param("name")); });
  app.get("/never", [](http::Request&) { return torc::sleep(1h).then([] { return http::Response(204); }); });
  return http::listen("tcp:0:address=127.0.0.1", std::move(app));
}

torc::Deferred<std::string> fetch(std::string url) {
  auto page = co_await http::get(url);
  co_return std::to_string(page.status()) + ' ' + co_await page.text();
}

int main() {
  torc::BackgroundReactor background;
  const auto server = background.call(start);
  const std::string url = "http://" + server.wait(5s).address().str();

  const auto one = background.call([&] { return fetch(url + "/hello/one"); });  // both at once
  const auto two = background.call([&] { return fetch(url + "/hello/two"); });
  std::cout << one.wait(5s) << '\n' << two.wait(5s) << '\n';

  const auto never = background.call([&] { return fetch(url + "/never"); });
  try {
    never.wait(100ms);  // gives up waiting; the request goes on
  } catch (const torc::TimeoutError& e) {
    std::cout << e.what() << '\n';
  }
  never.cancel();
}
