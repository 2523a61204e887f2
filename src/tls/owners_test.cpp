#include "tls/secured_port.hpp"

#include <optional>

namespace torc::tls {
namespace {

using namespace std::chrono_literals;

// Whoever owns either end goes after so many turns of the loop.
class TlsOwners : public Tls {
 protected:
  static Deferred<void> converse(SocketAddress where) {
    auto stream = co_await connect_tcp(where);
    co_await stream.upgrade(client(to_site()));
    co_await stream.write(std::string(300'000, 'x'));
    co_await stream.read_exactly(300'000);
    stream.shutdown_write();
    while (co_await stream.read_some()) {
    }
  }
  static Deferred<void> turns(int count) {
    for (int i = 0; i < count; ++i) co_await sleep(0ns);
  }
  static Deferred<void> client_goes(int steps) {
    auto port = Port::serve(anywhere(), echo, secured());
    {
      auto talking = converse(port.address());
      co_await turns(steps);
    }
    co_await turns(20);
  }
  static Deferred<void> server_goes(int steps, bool in_order) {
    std::optional<Port> port = Port::serve(anywhere(), echo, secured());
    auto talking = converse(port->address());
    co_await turns(steps);
    if (in_order) co_await port->close();
    port.reset();
    const auto outcome = co_await as_outcome(std::move(talking));
    if (!outcome) {
      const Failure failure = outcome.error();
      EXPECT_TRUE((failure.check<ConnectionClosed, ConnectError>())) << failure.message();
    }
  }
};

TEST_F(TlsOwners, TheClientsMayGoAtEachStep) {
  on_reactor([]() -> Deferred<void> {
    for (int steps = 0; steps < 40; ++steps) co_await client_goes(steps);
  });
}

TEST_F(TlsOwners, ThePortMayGoAtEachStep) {
  on_reactor([]() -> Deferred<void> {
    for (int steps = 0; steps < 40; ++steps) {
      co_await server_goes(steps, false);
      co_await server_goes(steps, true);
    }
  });
}

}  // namespace
}  // namespace torc::tls
