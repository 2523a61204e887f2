// A request handler gives a response, now or later.
// refused: a handler gives a Response or a Deferred<Response>
#include <torc/http/router.hpp>
#include <torc/torc.hpp>

#include <string>

void install(torc::http::Router& app) {
#ifdef REFUSED
  app.get("/", [](torc::http::Request&) { return std::string("Hello"); });
#else
  app.get("/", [](torc::http::Request&) { return torc::http::text("Hello"); });
#endif
  app.get("/later", [](torc::http::Request&) { return torc::succeed(torc::http::text("Hello")); });
}
