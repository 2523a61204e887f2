// "Hello, World!" on torc's HTTP server.
#include <torc/http.hpp>
#include <torc/torc.hpp>

#include "../program.hpp"

namespace {

torc::Deferred<void> serve(std::uint16_t port) {
  torc::http::Router app;
  app.get("/", [](torc::http::Request&) { return torc::http::text("Hello, World!"); });
  torc::TcpServerEndpoint where{.port = port, .address = "127.0.0.1", .backlog = SOMAXCONN};
  auto server = co_await torc::http::listen(where, std::move(app));
  bench::announce(server.address().port());
  co_await torc::until_cancelled();
}

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port"}};
  return torc::run([&] { return serve(arguments.port()); });
}
