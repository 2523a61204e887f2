#include <torc/net/interfaces.hpp>

#include "net/system_network.hpp"

#include <torc/async/capability.hpp>
#include <torc/base/errors.hpp>
#include <torc/net/connect.hpp>

#include <utility>

namespace torc {

namespace {

struct SystemTcp final : TcpInterface {
  Deferred<Stream> connect(SocketAddress address, std::optional<SocketAddress> local, TcpOptions options) override {
    return detail::system_connect_tcp(Reactor::required("connect"), std::move(address), std::move(local), options);
  }
};

struct SystemUnix final : UnixInterface {
  Deferred<Stream> connect(SocketAddress address) override {
    return detail::system_connect_unix(Reactor::required("connect"), std::move(address));
  }
};

// What `scheduler` offers, or the system's if it is a reactor.
template <class Interface, class System>
Interface& interface_of(Scheduler& scheduler, const char* name) {
  if (auto* offered = scheduler.find<Interface>()) return *offered;
  auto* reactor = dynamic_cast<Reactor*>(&scheduler);
  if (!reactor) {
    detail::misuse(std::string("this scheduler has no ") + name + ": run on a Reactor, or offer one by Offers<" + name +
                   ">");
  }
  return reactor->service<System>();
}

}  // namespace

TcpInterface& TcpInterface::of(Scheduler& scheduler) {
  return interface_of<TcpInterface, SystemTcp>(scheduler, "TcpInterface");
}
UnixInterface& UnixInterface::of(Scheduler& scheduler) {
  return interface_of<UnixInterface, SystemUnix>(scheduler, "UnixInterface");
}

Deferred<Stream> connect_tcp(SocketAddress address, std::optional<SocketAddress> local, TcpOptions options) {
  return TcpInterface::of(Scheduler::required("connect")).connect(std::move(address), std::move(local), options);
}

Deferred<Stream> connect_unix(SocketAddress address) {
  return UnixInterface::of(Scheduler::required("connect")).connect(std::move(address));
}

}  // namespace torc
