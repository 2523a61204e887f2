// A program outside the source tree: it sees only what `cmake --install` wrote. It serves a page to itself.
#include <torc/http.hpp>
#include <torc/torc.hpp>

#include <cstdio>
#include <string>

torc::Deferred<int> amain() {
  torc::http::Router app;
  app.get("/version", [](torc::http::Request&) { return torc::http::text(torc::kVersion); });
  auto server = co_await torc::http::listen("tcp:0:address=127.0.0.1", std::move(app));
  auto page = co_await torc::http::get("http://" + server.address().str() + "/version");
  const std::string version = co_await page.text();
  co_await server.close();
  std::printf("torc %s\n", version.c_str());
  co_return page.ok() && version == torc::kVersion ? 0 : 1;
}

int main() { return torc::run(amain); }
