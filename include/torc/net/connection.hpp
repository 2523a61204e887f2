// Connection: a connection run by a protocol, in the hands of who opened it.
//
//   auto connection = torc::Connection::serve(co_await torc::connect("tcp:example.org:7"), std::make_unique<Echo>());
//   co_await connection.closed();
//
// Owns the connection: destroying it aborts that, and the protocol hears nothing more; it is destroyed with what it stands
// on, in the next turn. One thread: the reactor's.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/net/protocol.hpp>
#include <torc/net/stream.hpp>

#include <memory>

namespace torc {

class [[nodiscard]] Connection {
 public:
  /// Gives what `stream` stands on to `protocol`: bytes that came and were not read are its first.
  /// Throws the reason when the stream is over already.
  static Connection serve(Stream stream, std::unique_ptr<Protocol> protocol);

  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  /// Until connection_lost has returned.
  bool open() const noexcept { return guard_ != nullptr; }
  /// Fires when the connection has ended in order, fails with the reason when it was cut. Asked for once.
  Deferred<void> closed();
  /// Asks the protocol to finish (Protocol::drain).
  void drain() noexcept;
  void close() noexcept;
  void abort() noexcept;
  /// Lets it live until it ends, or the reactor stops.
  void detach() && noexcept;

 private:
  class Guard;
  explicit Connection(Guard* guard) noexcept;
  Guard* guard_;  // a layer of the connection
  Deferred<void> closed_;
};

}  // namespace torc
