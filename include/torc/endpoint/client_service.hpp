// ClientService: keeps one connection to a place, with a back-off, for as long as it lives.
//
//   torc::ClientService uplink("tcp:collector:4000", torc::factory<Uplink>(), {.max_delay = 30s});
//   uplink.start();
//   co_await uplink.when_connected();
//   static_cast<Uplink*>(uplink.protocol())->send(report);
//   ...
//   co_await uplink.stop();
//
// With a StreamHandler instead of a factory each connection is a call of it, over when it ends.
//
// A failed attempt, and a connection that ends before it has lasted `settled`, make the next pause longer; one that lasted
// begins again with the first. Time and chance are the current scheduler's. Destroying it aborts the connection, also
// inside anything it calls. One thread.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/endpoint/listen.hpp>
#include <torc/net/port.hpp>
#include <torc/net/protocol.hpp>
#include <torc/net/stream.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

namespace torc {

/// The service was stopped before what was waited for.
class ServiceStopped : public Error {
 public:
  using Error::Error;
};

struct ClientServiceOptions {
  Duration initial_delay = std::chrono::seconds(1);  ///< the first pause
  double factor = 1.5;                               ///< each is so many times longer than the one before
  Duration max_delay = std::chrono::seconds(60);
  double jitter = 0.5;                               ///< a random part of each pause, up to this fraction, is left out
  Duration settled = std::chrono::seconds(10);       ///< a connection that lasted so long was none that failed
  /// What is done with each new connection before it is one: log in, start TLS. Fails: as a failed attempt.
  std::move_only_function<Deferred<Stream>(Stream)> prepare = nullptr;
};

class [[nodiscard]] ClientService {
 public:
  /// Makes one connection; for what is no endpoint, and for tests.
  using Connect = std::move_only_function<Deferred<Stream>()>;

  /// Each connection is run by a protocol from `factory`; null from there is a failed attempt.
  ClientService(Connect connect, std::unique_ptr<ProtocolFactory> factory, ClientServiceOptions options = {});
  /// Each connection is given to `handler`. That it closes is no error; other failures are logged.
  ClientService(Connect connect, StreamHandler handler, ClientServiceOptions options = {});
  /// To `where`. Throws BadEndpoint.
  template <class Serve>
  ClientService(ClientEndpoint where, Serve serve, ClientServiceOptions options = {})
      : ClientService(to(std::move(where)), std::move(serve), std::move(options)) {}
  template <class Serve>
  ClientService(std::string_view where, Serve serve, ClientServiceOptions options = {})
      : ClientService(to(where), std::move(serve), std::move(options)) {}
  ClientService(ClientService&&) noexcept;
  ClientService& operator=(ClientService&&) noexcept;
  ~ClientService();

  /// Begins to connect. While it stops it begins again when it has stopped; otherwise a second call does nothing.
  void start();
  /// Ends an attempt or a pause at once, asks a connection to finish (Protocol::drain; a handler is cancelled), and fires
  /// when all is over. What is left after `limit` is aborted. May be asked for by several.
  Deferred<void> stop(Duration limit = std::chrono::seconds(10));

  /// Fires when there is a connection; at once when there is. Many may wait. Fails with ServiceStopped when it stops, and,
  /// unless that is 0, after `fail_after` failed attempts from now on, with the failure of the last.
  Deferred<void> when_connected(int fail_after = 0);
  bool connected() const noexcept;
  /// That of the connection; null when there is none or a handler has it. Good until its connection_lost.
  Protocol* protocol() const noexcept;
  /// Failed attempts in a row, connections that did not last included.
  int failures() const noexcept;

 private:
  static Connect to(ClientEndpoint where);
  static Connect to(std::string_view where);
  class State;
  std::shared_ptr<State> state_;  // shared with what it is in the middle of
};

}  // namespace torc
