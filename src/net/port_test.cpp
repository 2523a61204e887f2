#include "net/echo.hpp"
#include "net/on_reactor.hpp"

#include <torc/endpoint/listen.hpp>
#include <torc/net/connect.hpp>
#include <torc/torc.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

TEST(Tcp, DroppingThePortInsideACallbackIsSafe) {
  std::string events;
  std::unique_ptr<Port> port;
  struct Dropper : Protocol {
    Dropper(std::unique_ptr<Port>* port, std::string* events) : port(port), events(events) {}
    ~Dropper() override { *events += "~"; }
    void data_received(std::string_view) override {
      port->reset();
      *events += "still here ";
    }
    void connection_lost(const Failure&) override { *events += "told "; }
    std::unique_ptr<Port>* port;
    std::string* events;
  };
  on_reactor([&](this auto) -> Deferred<void> {
    port = std::make_unique<Port>(co_await listen(kAnywhere, factory<Dropper>(&port, &events)));
    auto stream = co_await connect(here(*port));
    co_await stream.write("x");
    auto end = co_await as_outcome(stream.read_some());
    EXPECT_FALSE(end.has_value());
  });
  EXPECT_EQ(events, "still here ~");
}

TEST(Tcp, WhatAPortCallsWhileItAcceptsMayDestroyIt) {
  struct Bystander : Protocol {
    void data_received(std::string_view) override {}
  };
  struct Dropper : Bystander {
    explicit Dropper(std::unique_ptr<Port>* port) : port(port) {}
    void connection_made() override { port->reset(); }
    std::unique_ptr<Port>* port;
  };
  struct DroppingFactory : ProtocolFactory {
    explicit DroppingFactory(std::unique_ptr<Port>* port) : port(port) {}
    std::unique_ptr<Protocol> build() override {
      port->reset();
      return std::make_unique<Bystander>();
    }
    std::unique_ptr<Port>* port;
  };
  on_reactor([]() -> Deferred<void> {
    std::unique_ptr<Port> port;
    const auto visit = [&](this auto) -> Deferred<void> {
      auto stream = co_await as_outcome(connect(here(*port)));
      if (stream) static_cast<void>(co_await as_outcome(stream->read_some()));
      EXPECT_EQ(port, nullptr);
    };
    port = std::make_unique<Port>(co_await listen(kAnywhere, std::make_unique<DroppingFactory>(&port)));
    co_await visit();
    port = std::make_unique<Port>(co_await listen(kAnywhere, factory<Dropper>(&port)));
    co_await visit();
    port = std::make_unique<Port>(co_await listen(kAnywhere, [&port](this auto, Stream stream) -> Deferred<void> {
      port.reset();
      co_await stream.read_some();
    }));
    co_await visit();
  });
}

TEST(Tcp, DroppingThePortWhileItTellsItsConnectionsToEndIsSafe) {
  struct Dropper : Protocol {
    explicit Dropper(std::unique_ptr<Port>* port) : port(port) {}
    void data_received(std::string_view) override {}
    void drain() override { port->reset(); }
    std::unique_ptr<Port>* port;
  };
  on_reactor([]() -> Deferred<void> {
    std::unique_ptr<Port> port;
    port = std::make_unique<Port>(co_await listen(kAnywhere, factory<Dropper>(&port)));
    auto first = co_await connect(here(*port));
    auto second = co_await connect(here(*port));
    while (port->connections() < 2) co_await sleep(1ms);
    co_await port->close();
    EXPECT_EQ(port, nullptr);
    EXPECT_FALSE((co_await as_outcome(first.read_some())).has_value());
    EXPECT_FALSE((co_await as_outcome(second.read_some())).has_value());
  });
}

TEST(Tcp, SeveralMayWaitForAPortToClose) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, factory<EchoProtocol>());
    auto stream = co_await connect(here(port));
    while (port.connections() < 1) co_await sleep(1ms);
    auto first = port.close();
    auto second = port.close();
    co_await first;
    co_await second;
  });
}

TEST(Tcp, ClosingAPortWaitsForItsHandlersUpToTheLimit) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, echo);
    auto stream = co_await connect(here(port));
    co_await stream.write("x");
    co_await stream.read_some();
    EXPECT_EQ(port.connections(), 1u);
    co_await port.close(50ms);
    EXPECT_EQ(port.connections(), 0u);
    auto refused = co_await as_outcome(connect(here(port)));
    EXPECT_TRUE(refused.error().check<ConnectError>());
  });
}

TEST(Tcp, ErrorsNameTheThing) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, echo);
    auto taken =
        co_await as_outcome(listen("tcp:" + std::to_string(port.address().port()) + ":address=127.0.0.1", echo));
    EXPECT_TRUE(taken.error().check<CannotListen>());
    EXPECT_NE(taken.error().message().find(port.address().str()), std::string::npos);
    auto bad = co_await as_outcome(connect("tcp:127.0.0.1:99999"));
    EXPECT_TRUE(bad.error().check<BadEndpoint>());
    auto closed = port.address().port();
    co_await port.close();
    auto refused = co_await as_outcome(connect("tcp:127.0.0.1:" + std::to_string(closed)));
    EXPECT_NE(refused.error().message().find("127.0.0.1:" + std::to_string(closed)), std::string::npos);
    auto nowhere = co_await as_outcome(connect("tcp:no-such-host.invalid:80:timeout=5"));
    EXPECT_TRUE(nowhere.error().check<ConnectError>());
  });
}

TEST(Tcp, SurvivesRunningOutOfDescriptors) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = co_await listen(kAnywhere, echo);
    rlimit before;
    ::getrlimit(RLIMIT_NOFILE, &before);
    std::vector<UniqueFd> hogs;
    std::vector<UniqueFd> clients;
    for (int i = 0; i < 8; ++i) clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const rlimit few{.rlim_cur = 64, .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int fd; (fd = ::dup(0)) >= 0;) hogs.emplace_back(fd);
    sockaddr_storage raw;
    const auto size = port.address().to_sockaddr(&raw);
    for (const auto& client : clients) ::connect(client.get(), reinterpret_cast<sockaddr*>(&raw), size);
    const auto cpu = std::clock();
    co_await sleep(300ms);
    EXPECT_LT(std::clock() - cpu, CLOCKS_PER_SEC / 10);  // does not spin
    hogs.clear();
    co_await sleep(100ms);
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_GT(port.connections(), 0u);
    co_await hears_itself(co_await connect(here(port)), "again");
  });
  EXPECT_EQ(captured->count(LogLevel::kWarning), 1u) << captured->text();
}

TEST(Tcp, StoppingTheReactorFailsWhatIsPending) {
  Reactor reactor;
  std::string told;
  Deferred<void> task = succeed();
  reactor.call_when_running([&] {
    auto body = [](Reactor& reactor, std::string& told) -> Deferred<void> {
      auto port = co_await listen(kAnywhere, echo);
      auto stream = co_await connect(here(port));
      auto nap = sleep(1h);
      reactor.stop();
      auto read = co_await as_outcome(stream.read_some());
      told += read.error().check<ReactorStopped>() ? "read " : read.error().report();
      auto slept = co_await as_outcome(std::move(nap));
      told += slept.error().check<ReactorStopped>() ? "sleep" : slept.error().report();
    };
    task = body(reactor, told);
  });
  reactor.run();
  EXPECT_EQ(told, "read sleep");
  EXPECT_TRUE(task.fired());
}

TEST(Tcp, StoppingTheReactorFailsANameLookup) {
  Reactor reactor;
  bool told = false;
  reactor.call_when_running([&] {
    resolve("localhost", 80)
        .then_outcome([&](Outcome<std::vector<SocketAddress>> outcome) {
          told = outcome.error().check<ReactorStopped>();
          EXPECT_TRUE(reactor.running());
        })
        .detach();
    reactor.stop();  // before the loop can have brought it home
  });
  reactor.run();
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace torc
