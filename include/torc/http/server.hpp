// The HTTP server.
//
//   co_await torc::http::serve("tcp:8080", std::move(app));        // until cancelled, then drains
//
//   auto server = co_await torc::http::listen("tcp:0:address=127.0.0.1", std::move(app));
//   server.address();  co_await server.close();
//
// HTTP/1.1 (RFC 9112) with keep-alive and pipelining; requests of a connection are answered one at a
// time, in order. A client that goes away drops the handler that works for it. Every limit is finite.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/codec/http1_limits.hpp>
#include <torc/endpoint/endpoint.hpp>
#include <torc/http/access_log.hpp>
#include <torc/http/router.hpp>
#include <torc/net/port.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace torc::http {

struct ServerOptions {
  /// Sizes of what a client may send; `limits.body` is the default for content.
  codec::http1::Limits limits = {};
  /// From the first byte of a request to the end of its head.
  Duration head_timeout = std::chrono::seconds(15);
  /// Between two requests.
  Duration idle_timeout = std::chrono::seconds(60);
  /// Without progress, in content being received or a response being sent.
  Duration stall_timeout = std::chrono::seconds(30);
  /// How long close() lets requests that are being answered go on.
  Duration drain_limit = std::chrono::seconds(10);
  /// Called with each finished exchange; the entry is valid during the call.
  std::move_only_function<void(const AccessLogEntry&)> access_log = nullptr;
};

/// A running server. Destroying it aborts its connections.
class [[nodiscard]] Server {
 public:
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  const SocketAddress& address() const noexcept;
  /// Open connections.
  std::size_t connections() const noexcept;
  /// Stops listening, closes idle connections, lets the others finish their request (up to the drain
  /// limit), and fires when none is left.
  Deferred<void> close();

  class State;

 private:
  friend Deferred<Server> listen(ServerEndpoint where, Router app, ServerOptions options);
  explicit Server(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

/// Opens `where` and serves `app` there. Fails with BadEndpoint or CannotListen.
Deferred<Server> listen(ServerEndpoint where, Router app, ServerOptions options = {});
Deferred<Server> listen(std::string_view where, Router app, ServerOptions options = {});

/// Makes the connections of a server for a port of another kind: with `torc::listen(group, ...)` each reactor of a group
/// has its own. Called on the reactor that serves them. The port's limit stands in for `drain_limit`.
std::unique_ptr<ProtocolFactory> connection_factory(Router app, ServerOptions options = {});

/// As listen(), for as long as it is waited for: cancelling it closes the server in order and ends when
/// that is done.
Deferred<void> serve(ServerEndpoint where, Router app, ServerOptions options = {});
Deferred<void> serve(std::string_view where, Router app, ServerOptions options = {});

}  // namespace torc::http
