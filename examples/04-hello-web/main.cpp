// A small web server: a greeting, an answer that comes piece by piece, and clients that wait for each other.
//
//   04-hello-web [ENDPOINT]      default tcp:8080
//
//   curl localhost:8080/hello/world
//   curl -N localhost:8080/count
//   curl localhost:8080/wait                         waits, until elsewhere:
//   curl -d 'good news' localhost:8080/say
//
// README.md quotes this file from here on; tools/check_docs compares the two.
#include <torc/http/server.hpp>
#include <torc/torc.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
namespace http = torc::http;

// Each write waits until the client takes it. A client that leaves ends this where it waits.
torc::Deferred<void> count(http::BodyWriter out) {
  for (int n = 1; n <= 5; ++n) {
    co_await out.write(std::to_string(n) + "\n");
    co_await torc::sleep(100ms);
  }
}

torc::Deferred<void> amain(std::vector<std::string> args) {
  std::vector<torc::Promise<std::string>> waiting;
  http::Router app;
  app.get("/hello/{name}", [](http::Request& r) { return http::text("Hello, " + r.param("name") + "\n"); });
  app.get("/count", [](http::Request&) { return http::stream("text/plain", count); });
  app.get("/wait", [&waiting](http::Request&) {
    std::erase_if(waiting, [](auto& promise) { return !promise.wanted(); });  // those who left
    auto [news, promise] = torc::make_deferred<std::string>();
    waiting.push_back(std::move(promise));
    return torc::with_timeout(30s, std::move(news)).then(http::text).recover<torc::TimeoutError>([](auto&) {
      return http::Response(204);
    });
  });
  app.post("/say", [&waiting](this auto, http::Request& r) -> torc::Deferred<http::Response> {
    const std::string news = co_await r.body().text() + "\n";
    for (auto& promise : std::exchange(waiting, {})) promise.set_value(news);
    co_return http::text("told\n");
  });
  co_await http::serve(args.empty() ? "tcp:8080" : args[0], std::move(app));  // until Ctrl-C, then drains
}

int main(int argc, char** argv) { return torc::run(amain, argc, argv); }
