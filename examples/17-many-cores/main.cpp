// A web server and a chat on three reactors: how evenly clients are spread, and one that moves.
//
//   17-many-cores
#include <torc/endpoint/group_listen.hpp>
#include <torc/http/client.hpp>
#include <torc/http/server.hpp>
#include <torc/torc.hpp>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace http = torc::http;

// Each reactor has a router, and what it refers to, of its own.
http::Router app(torc::GroupShare& here) {
  http::Router app;
  app.get("/", [&here](http::Request&) { return http::text("reactor " + std::to_string(here.index())); });
  return app;
}

// Says where it is. A client that asks for it is moved to where the fewest are.
torc::Deferred<void> chat(torc::GroupShare& here, torc::Stream client) {
  co_await client.write("on " + std::to_string(here.index()) + '\n');
  while (auto line = co_await client.read_line()) {
    if (*line == "move") co_return co_await here.move(std::move(client), here.least_loaded());
    co_await client.write(*line + '\n');
  }
}

torc::Deferred<void> amain(std::vector<std::string>) {
  torc::ReactorGroup group{{.reactors = 3}};

  auto web = co_await torc::listen(group, "tcp:0:address=127.0.0.1", [](torc::GroupShare& here) {
    return http::connection_factory(app(here));
  });
  const std::string url = "http://" + web.address().str() + "/";
  auto page = co_await http::get(url);
  std::printf("the page comes from %s\n", (co_await page.text()).c_str());
  co_await web.close();

  auto port = co_await torc::listen(group, "tcp:0:address=127.0.0.1", [](torc::GroupShare& here) {
    return [&here](torc::Stream client) { return chat(here, std::move(client)); };
  });
  const std::string where = "tcp:127.0.0.1:" + std::to_string(port.address().port());
  std::vector<torc::Stream> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(co_await torc::connect(where));
    co_await clients.back().read_line();
  }
  std::puts(port.load().str().c_str());

  clients.erase(clients.begin() + 7);  // both are on reactor 1, which then has the fewest
  clients.erase(clients.begin() + 4);
  while (port.load().open() > 6) co_await torc::sleep(std::chrono::milliseconds(1));
  std::puts(port.load().str().c_str());
  co_await clients.front().write("move\nand go on\n");
  std::printf("moved: %s, ", (co_await clients.front().read_line()).value().c_str());
  std::printf("%s\n", (co_await clients.front().read_line()).value().c_str());

  clients.clear();
  co_await port.close();
  co_await group.close();
}

int main(int argc, char** argv) { return torc::run(amain, argc, argv); }
