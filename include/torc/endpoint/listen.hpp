// torc::listen and torc::connect: from an endpoint string, or the equal struct, to a port or a stream.
//
//   auto port   = co_await torc::listen("tcp:8007", torc::factory<Echo>());
//   auto other  = co_await torc::listen("tcp:0:address=127.0.0.1", echo);       // a coroutine per connection
//   auto stream = co_await torc::connect("tcp:example.org:80");
//
// Called on a reactor. A malformed string fails with BadEndpoint, a port that cannot be opened with
// CannotListen, a connection that does not come about with ConnectError or TimeoutError: each a line
// that names the thing.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/async/retry.hpp>
#include <torc/endpoint/endpoint.hpp>
#include <torc/net/port.hpp>
#include <torc/net/stream.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace torc {

/// A string is not an endpoint; the message points at the character.
class BadEndpoint : public Error {
 public:
  using Error::Error;
};

/// What the connections a port accepts have in common: limits, and the layers they pass.
using ListenOptions = PortOptions;

/// Opens `where` for protocols made by `factory`.
Deferred<Port> listen(ServerEndpoint where, std::unique_ptr<ProtocolFactory> factory, ListenOptions options = {});
Deferred<Port> listen(std::string_view where, std::unique_ptr<ProtocolFactory> factory, ListenOptions options = {});

/// Opens `where` with `handler` called for each connection; a handler that fails because its connection
/// closed is not an error, other failures are logged.
Deferred<Port> listen_streams(ServerEndpoint where, StreamHandler handler, ListenOptions options = {});
Deferred<Port> listen_streams(std::string_view where, StreamHandler handler, ListenOptions options = {});
template <class Where, std::invocable<Stream> Handler>
Deferred<Port> listen(Where&& where, Handler handler, ListenOptions options = {}) {
  return listen_streams(std::forward<Where>(where), StreamHandler(std::move(handler)), std::move(options));
}

/// Connects to `where`, within its time-out for name lookup and all attempts together.
Deferred<Stream> connect(ClientEndpoint where);
Deferred<Stream> connect(std::string_view where);

struct ConnectOptions {
  /// Attempts and the pauses between them; each attempt has the endpoint's time-out. One attempt unless told otherwise.
  RetryOptions retry = {.attempts = 1};
};
/// The same, tried again as the options say: connect(where, {.retry = {.attempts = 5}}). A bad endpoint is not.
Deferred<Stream> connect(ClientEndpoint where, ConnectOptions options);
Deferred<Stream> connect(std::string_view where, ConnectOptions options);

}  // namespace torc
