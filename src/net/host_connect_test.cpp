// Connecting to names: which address is tried when, what is said when none answers, and who finds the addresses.
#include <torc/net/connect.hpp>

#include "net/echo.hpp"
#include "net/on_reactor.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/base/unique_fd.hpp>

#include <sys/socket.h>

#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

// Gives what it was made with, after a while.
class Fixed : public Resolver {
 public:
  explicit Fixed(std::vector<const char*> addresses, Duration pause = 0ms) : pause_(pause) {
    for (const char* each : addresses) addresses_.push_back(*IpAddress::parse(each));
  }
  Deferred<std::vector<IpAddress>> resolve(std::string host) override {
    auto addresses = addresses_;
    const auto pause = pause_;
    if (host == "missing.test") co_return Failure(NameLookupError("cannot find the address of \"" + host + "\""));
    co_await sleep(pause);
    co_return addresses;
  }

 private:
  std::vector<IpAddress> addresses_;
  Duration pause_;
};

void names_are(std::vector<const char*> addresses, Duration pause = 0ms) {
  set_resolver(*Reactor::current(), std::make_unique<Fixed>(std::move(addresses), pause));
}

// Listens and never accepts, with a queue that is full: a further attempt gets no answer.
class Silent {
 public:
  explicit Silent(const SocketAddress& address) : socket_(ListeningSocket::tcp(address, {.backlog = 0})) {}
  Deferred<void> fill() {
    while (true) {
      auto inside = co_await as_outcome(with_timeout(50ms, connect_tcp(socket_.address())));
      if (!inside) co_return;
      inside_.push_back(*std::move(inside));
    }
  }
  std::uint16_t port() const { return socket_.address().port(); }

 private:
  ListeningSocket socket_;
  std::vector<Stream> inside_;
};

SocketAddress at(const char* ip, std::uint16_t port = 0) { return {*IpAddress::parse(ip), port}; }
Port serve(const char* ip, std::uint16_t port) { return Port::serve(ListeningSocket::tcp(at(ip, port)), echo); }

TEST(ConnectByName, ALateAddressIsPassedByTheNext) {
  on_reactor([]() -> Deferred<void> {
    Silent silent(at("127.0.0.2"));
    co_await silent.fill();
    auto port = serve("127.0.0.3", silent.port());
    names_are({"127.0.0.2", "127.0.0.3"});
    const Instant begin = Reactor::current()->exact_now();
    auto stream = co_await connect_tcp("two.test", silent.port());
    const Duration took = Reactor::current()->exact_now() - begin;
    EXPECT_EQ(stream.peer(), port.address());
    EXPECT_GE(took, 250ms);
    EXPECT_LT(took, 1s) << "the attempt that hangs would take minutes";
    stream = co_await connect_tcp("two.test", silent.port(), {.attempt_delay = 10ms});
    EXPECT_EQ(stream.peer(), port.address());
  });
}

TEST(ConnectByName, AFailureLetsTheNextBeginAtOnce) {
  on_reactor([]() -> Deferred<void> {
    auto port = serve("127.0.0.4", 0);
    names_are({"127.0.0.2", "127.0.0.3", "127.0.0.4"});
    const Instant begin = Reactor::current()->exact_now();
    auto stream = co_await connect_tcp("three.test", port.address().port(), {.attempt_delay = 5s});
    EXPECT_EQ(stream.peer(), port.address());
    EXPECT_LT(Reactor::current()->exact_now() - begin, 2s);
  });
}

TEST(ConnectByName, TheFamiliesTakeTurns) {
  on_reactor([]() -> Deferred<void> {
    std::uint16_t nobody;
    { nobody = ListeningSocket::tcp(at("127.0.0.1")).address().port(); }
    names_are({"127.0.0.2", "127.0.0.3", "::1", "127.0.0.4"});
    auto none = co_await as_outcome(connect_tcp("mixed.test", nobody));
    const std::string number = std::to_string(nobody);
    const auto refused = [&](const std::string& address) {
      return "cannot connect to " + address + ":" + number + ": Connection refused";
    };
    const std::string text = none.error().message();
    EXPECT_TRUE(none.error().check<ConnectError>());
    EXPECT_TRUE(text.starts_with("cannot connect to mixed.test:" + number + " at any of its addresses: " +
                                 refused("127.0.0.2") + "; cannot connect to [::1]:" + number))
        << text;
    EXPECT_TRUE(text.ends_with(refused("127.0.0.3") + "; " + refused("127.0.0.4"))) << text;
  });
}

TEST(ConnectByName, ATimeLimitSaysWhatWasTried) {
  on_reactor([]() -> Deferred<void> {
    Silent silent(at("127.0.0.2"));
    co_await silent.fill();
    const std::string number = std::to_string(silent.port());
    names_are({"127.0.0.2", "127.0.0.3", "127.0.0.2"});
    auto none = co_await as_outcome(connect_tcp("x.test", silent.port(), {.timeout = 100ms, .attempt_delay = 10ms}));
    EXPECT_TRUE(none.error().check<TimeoutError>());
    EXPECT_EQ(none.error().message(), "connecting to x.test:" + number + " (127.0.0.2:" + number +
                                          " did not answer; cannot connect to 127.0.0.3:" + number +
                                          ": Connection refused; 127.0.0.2:" + number +
                                          " did not answer): timed out after 100 ms");
  });
}

TEST(ConnectByName, TheLimitHoldsForTheLookupToo) {
  on_reactor([]() -> Deferred<void> {
    names_are({"127.0.0.1"}, 1h);
    auto none = co_await as_outcome(connect_tcp("slow.test", 80, {.timeout = 20ms}));
    EXPECT_EQ(none.error().message(), "connecting to slow.test:80: looking up \"slow.test\": timed out after 20 ms");
    none = co_await as_outcome(connect_tcp("missing.test", 80));
    EXPECT_TRUE(none.error().check<NameLookupError>()) << none.error().message();
    names_are({});
    none = co_await as_outcome(connect_tcp("empty.test", 80));
    EXPECT_EQ(none.error().message(), "\"empty.test\" has no address");
  });
}

TEST(ConnectByName, OnlyAddressesOfTheLocalOnesFamilyAreTried) {
  on_reactor([]() -> Deferred<void> {
    auto port = serve("127.0.0.1", 0);
    names_are({"::1", "127.0.0.1"});
    auto stream = co_await connect_tcp("both.test", port.address().port(), {.bind = *IpAddress::parse("127.0.0.9")});
    EXPECT_EQ(stream.local().ip().str(), "127.0.0.9");
    names_are({"::1"});
    auto none = co_await as_outcome(
        connect_tcp("six.test", port.address().port(), {.bind = *IpAddress::parse("127.0.0.9")}));
    EXPECT_EQ(none.error().message(),
              "cannot connect to six.test: it has no address of the family of 127.0.0.9, from which to connect");
  });
}

TEST(ConnectByName, TheSystemsResolverReadsItsHostsFile) {
  on_reactor([]() -> Deferred<void> {
    const auto found = co_await resolve("localhost", 80);
    EXPECT_FALSE(found.empty());
    for (const auto& each : found) EXPECT_TRUE(each.ip().is_loopback()) << each.str();
  });
}

TEST(ConnectByName, AddressesNeedNoResolver) {
  on_reactor([]() -> Deferred<void> {
    names_are({});
    auto port = serve("127.0.0.1", 0);
    auto stream = co_await connect_tcp("127.0.0.1", port.address().port());
    EXPECT_EQ(stream.peer(), port.address());
  });
}

TEST(ConnectByName, DroppingItAtAnyMomentEndsAllAttempts) {
  for (int turns = 0; turns < 15; ++turns) {
    on_reactor([turns](this auto) -> Deferred<void> {
      Silent silent(at("127.0.0.2"));
      auto port = serve("127.0.0.3", silent.port());
      names_are({"127.0.0.2", "127.0.0.4", "127.0.0.3"});
      {
        auto connecting = connect_tcp("x.test", silent.port(), {.attempt_delay = 1ms});
        for (int i = 0; i < turns; ++i) co_await sleep(0ms);
      }
      auto cancelled = connect_tcp("x.test", silent.port(), {.attempt_delay = 1ms});
      for (int i = 0; i < turns; ++i) co_await sleep(0ms);
      cancelled.cancel();
      static_cast<void>(co_await as_outcome(std::move(cancelled)));
    });
  }
}

}  // namespace
}  // namespace torc
