// A request handler is called once for each request, and may be gone when the coroutine goes on.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>
#include <torc/http/router.hpp>

#include <string>

void install(torc::http::Router& app, std::string greeting) {
#ifdef REFUSED
  app.get("/", [greeting](torc::http::Request&) -> torc::Deferred<torc::http::Response> {
#else
  app.get("/", [greeting](this auto, torc::http::Request&) -> torc::Deferred<torc::http::Response> {
#endif
    co_await torc::sleep(std::chrono::seconds(1));
    co_return torc::http::text(greeting);
  });
}
