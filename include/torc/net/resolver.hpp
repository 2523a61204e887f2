// Resolver: who finds the addresses of names, for everything on a reactor that connects by name.
//
// Without another one it is the system's: getaddrinfo in the reactor's name pool, so /etc/hosts and the system's order of
// preference hold. A test or another way to look names up puts its own in place:
//
//   torc::set_resolver(reactor, std::make_unique<Fixed>());
//
// On another scheduler than a reactor names are looked up by the one that is offered there (torc/async/capability.hpp).
// One thread: the scheduler's.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/address.hpp>
#include <torc/base/time.hpp>
#include <torc/net/errors.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace torc {

class Reactor;

/// A name has no address, or could not be looked up.
class NameLookupError : public ConnectError {
 public:
  using ConnectError::ConnectError;
};

class Resolver {
 public:
  virtual ~Resolver() = default;
  /// The addresses of `host`, which is a name, of both families, the preferred one first. Fails with NameLookupError.
  /// Needs no time limit of its own. Dropping or cancelling it ends the lookup, or what would become of it.
  virtual Deferred<std::vector<IpAddress>> resolve(std::string host) = 0;
};

/// From here on names on `reactor` are looked up by `resolver`; none: by the system. Lookups that are under way end first.
void set_resolver(Reactor& reactor, std::unique_ptr<Resolver> resolver);

/// The addresses of `host`, with `port`, as the resolver finds them that the current scheduler offers, or else the
/// reactor's; an address literal is answered at once.
/// Fails with NameLookupError, and with TimeoutError after `limit`. Dropping or cancelling forgets the lookup at once.
Deferred<std::vector<SocketAddress>> resolve(std::string host, std::uint16_t port,
                                             Duration limit = std::chrono::seconds(30));

}  // namespace torc
