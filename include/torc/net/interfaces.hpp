// The network by capability: what connect_tcp, connect_unix and resolve ask of the scheduler that is current.
//
// On a Reactor these are the system's. Another scheduler offers its own (torc/async/capability.hpp): a test on
// testing::Clock, a simulated network. Code that needs only one of them takes it by reference, `of(scheduler)` gives it.
// Names are looked up by a Resolver (torc/net/resolver.hpp), which is offered in the same way.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/address.hpp>
#include <torc/net/stream.hpp>
#include <torc/net/tcp_options.hpp>

#include <optional>

namespace torc {

class Scheduler;

/// Dropping or cancelling what an interface gives ends what it does.
class TcpInterface {
 public:
  /// That of `scheduler`. One that has none is a programming error.
  static TcpInterface& of(Scheduler& scheduler);

  /// A connection to `address`, from `local` if given. Fails with ConnectError that names the address and the reason. No
  /// time limit of its own.
  virtual Deferred<Stream> connect(SocketAddress address, std::optional<SocketAddress> local, TcpOptions options) = 0;

 protected:
  ~TcpInterface() = default;
};

class UnixInterface {
 public:
  /// That of `scheduler`. One that has none is a programming error.
  static UnixInterface& of(Scheduler& scheduler);

  /// As TcpInterface::connect, to a name of UNIX sockets.
  virtual Deferred<Stream> connect(SocketAddress address) = 0;

 protected:
  ~UnixInterface() = default;
};

}  // namespace torc
