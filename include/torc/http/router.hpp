// Router: which handler answers which request.
//
//   torc::http::Router app;
//   app.get("/hello/{name}", [](torc::http::Request& r) { return torc::http::text("Hello, " + r.param("name")); });
//   app.get("/report", report);                             // Deferred<Response> report(Request&)
//   app.mount("/static", torc::http::directory("public"));
//
// Patterns are described in route_table.hpp. HEAD is answered by GET's handler. A path nobody has is
// 404, a method it does not have 405 with the list of those it has.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/http/request.hpp>
#include <torc/http/response.hpp>
#include <torc/http/route_table.hpp>

#include <concepts>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace torc::http {

/// Answers a request. Called on the reactor's thread; the request outlives the Deferred.
using Handler = std::move_only_function<Deferred<Response>(Request&)>;

class Router {
 public:
  /// Adds a handler: returns a Response or a Deferred<Response>. Throws std::invalid_argument, naming the
  /// patterns, for a malformed or doubled one.
  template <class F>
  void get(std::string_view pattern, F handler) { add("GET", pattern, wrap(std::move(handler))); }
  template <class F>
  void post(std::string_view pattern, F handler) { add("POST", pattern, wrap(std::move(handler))); }
  template <class F>
  void put(std::string_view pattern, F handler) { add("PUT", pattern, wrap(std::move(handler))); }
  template <class F>
  void patch(std::string_view pattern, F handler) { add("PATCH", pattern, wrap(std::move(handler))); }
  template <class F>
  void del(std::string_view pattern, F handler) { add("DELETE", pattern, wrap(std::move(handler))); }
  /// For any other method; an empty one stands for all.
  template <class F>
  void route(std::string_view method, std::string_view pattern, F handler) { add(method, pattern, wrap(std::move(handler))); }
  /// Gives everything at and below `prefix` to `handler`, which finds the rest of the path in rest().
  template <class F>
  void mount(std::string_view prefix, F handler) { add_mount(prefix, wrap(std::move(handler))); }

  /// Answers `request`.
  Deferred<Response> handle(Request& request);

 private:
  template <class F>
  static Handler wrap(F handler) {
    using R = std::invoke_result_t<F&, Request&>;
    if constexpr (std::same_as<R, Deferred<Response>>) {
      return handler;
    } else {
      static_assert(std::convertible_to<R, Response>, "a handler gives a Response or a Deferred<Response>");
      return [f = std::move(handler)](Request& request) mutable { return succeed(Response(f(request))); };
    }
  }
  void add(std::string_view method, std::string_view pattern, Handler handler);
  void add_mount(std::string_view prefix, Handler handler);

  RouteTable table_;
  std::vector<Handler> handlers_;
};

}  // namespace torc::http
