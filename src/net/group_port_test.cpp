#include "net/on_reactor.hpp"

#include <torc/endpoint/group_listen.hpp>
#include <torc/torc.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

// Says the number of its reactor, then echoes.
Deferred<void> greet(std::size_t number, Stream s) {
  co_await s.write(std::to_string(number) + '\n');
  while (auto chunk = co_await s.read_some()) co_await s.write(*chunk);
}

auto greeting() {
  return [](GroupShare& here) { return [number = here.index()](Stream s) { return greet(number, std::move(s)); }; };
}

class Echo : public Protocol {
  void connection_made() override { transport().write("hello\n"); }
  void data_received(std::string_view data) override { transport().write(data); }
};

std::string at(const GroupPort& port) { return "tcp:127.0.0.1:" + std::to_string(port.address().port()); }

struct Client {
  Stream stream;
  std::size_t served_by;
};

Deferred<Client> call_on(const GroupPort& port, const std::string& from = "") {
  auto stream = co_await connect(at(port) + (from.empty() ? "" : ":bind=" + from));
  const auto greeting = co_await stream.read_line();
  if (!greeting) throw ConnectionLost("nobody greeted");
  co_return Client{std::move(stream), std::stoul(*greeting)};
}

// Room for both ends of many connections.
void allow_descriptors(rlim_t count) {
  rlimit limit;
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min(std::max(limit.rlim_cur, count), limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::ptrdiff_t open_descriptors() { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); }

// Waits for what another thread does a little later.
template <class Condition>
Deferred<void> until(Condition condition) {
  while (!condition()) co_await sleep(1ms);
}

constexpr int kMany = 1000;

TEST(GroupPort, LeastLoadedDiffersByOneAtMost) {
  allow_descriptors(3 * kMany);
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 3}};
    auto port = co_await listen(group, kAnywhere, greeting());
    std::vector<Client> clients;
    std::array<int, 3> served{};
    for (int i = 0; i < kMany; ++i) {
      clients.push_back(co_await call_on(port));
      ++served.at(clients.back().served_by);
    }
    const GroupLoad load = port.load();
    EXPECT_EQ(load.open(), std::size_t{kMany});
    EXPECT_EQ(load.accepted(), std::uint64_t{kMany});
    const auto [fewest, most] = std::ranges::minmax_element(served);
    EXPECT_LE(*most - *fewest, 1);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(load.reactors[i].open, static_cast<std::size_t>(served[i]));
    EXPECT_LT(load.open_imbalance(), 0.01);
    EXPECT_EQ(load.str(), "open 334 333 333 (0 % above the mean), accepted 334 333 333 (0 % above the mean)");
    // Those of one reactor go: the next ones make up for them.
    std::erase_if(clients, [](const Client& each) { return each.served_by == 1; });
    co_await until([&] { return port.load().reactors[1].open == 0; });
    EXPECT_NEAR(port.load().open_imbalance(), 0.5, 0.01);
    for (int i = 0; i < 100; ++i) clients.push_back(co_await call_on(port));
    EXPECT_EQ(port.load().reactors[1].open, 100u);
  });
}

TEST(GroupPort, StickySendsAClientAlwaysToTheSameReactor) {
  allow_descriptors(3 * kMany);
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 3}};
    auto port = co_await listen(group, kAnywhere, greeting(), {.spread = Spread::kSticky});
    std::map<std::string, std::size_t> home;
    std::set<std::size_t> used;
    for (int i = 0; i < kMany; ++i) {
      const std::string from = "127.0.0." + std::to_string(1 + i % 100);
      const Client client = co_await call_on(port, from);
      EXPECT_EQ(home.emplace(from, client.served_by).first->second, client.served_by);
      used.insert(client.served_by);
    }
    EXPECT_EQ(used.size(), 3u);
    // One stops: its clients move, the others stay where they are.
    group.stop(2);
    co_await until([&] { return !group.serving(2); });
    for (const auto& [from, before] : home) {
      const Client client = co_await call_on(port, from);
      if (before == 2) {
        EXPECT_NE(client.served_by, 2u);
      } else {
        EXPECT_EQ(client.served_by, before);
      }
    }
  });
}

TEST(GroupPort, ReusePortReachesAllReactors) {
  allow_descriptors(3 * kMany);
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 3}};
    auto port = co_await listen(group, kAnywhere, greeting(), {.spread = Spread::kReusePort});
    std::vector<Client> clients;
    for (int i = 0; i < kMany; ++i) clients.push_back(co_await call_on(port, "127.0.0." + std::to_string(1 + i % 250)));
    const GroupLoad load = port.load();
    EXPECT_EQ(load.open(), std::size_t{kMany});
    for (const auto& each : load.reactors) EXPECT_GT(each.accepted, 0u);
    EXPECT_GT(load.open_imbalance(), 0.0);  // 1000 by three: even is impossible, and a hash is further from it
    group.stop(0);
    co_await until([&] { return !group.serving(0); });
    for (int i = 0; i < 100; ++i) EXPECT_NE((co_await call_on(port)).served_by, 0u);
  });
}

TEST(GroupPort, ServesProtocolsAndLayersOnEachReactor) {
  on_reactor([]() -> Deferred<void> {
    struct Passing final : LayerFactory {
      std::unique_ptr<Layer> build() override { return std::make_unique<Layer>(); }
    };
    for (const Spread spread : {Spread::kLeastLoaded, Spread::kReusePort, Spread::kSticky}) {
      ReactorGroup group{{.reactors = 2}};
      auto port = co_await listen(group, kAnywhere, [] {
        return PortServer(factory<Echo>(), {.layers = {std::make_shared<Passing>()}});
      }, {.spread = spread});
      auto layered = co_await listen(group, kAnywhere, [](GroupShare& here) {
        return PortServer([number = here.index()](Stream s) { return greet(number, std::move(s)); },
                          {.layers = {std::make_shared<Passing>()}});
      }, {.spread = spread});
      for (int i = 0; i < 10; ++i) {
        auto stream = co_await connect(at(port));
        EXPECT_EQ(co_await stream.read_line(), "hello");
        co_await stream.write("ping\n");
        EXPECT_EQ(co_await stream.read_line(), "ping");
        EXPECT_LT((co_await call_on(layered)).served_by, 2u);
      }
      co_await until([&] { return port.load().open() == 0 && layered.load().open() == 0; });
      EXPECT_EQ(port.load().accepted(), 10u);
      EXPECT_EQ(layered.load().accepted(), 10u);
    }
  });
}

// A handler that sends its stream to the next reactor when it is told to, and says where it is.
Deferred<void> wander(GroupShare& here, Stream s) {
  co_await s.write(std::to_string(here.index()) + '\n');
  while (auto line = co_await s.read_line()) {
    if (*line == "move") co_return co_await here.move(std::move(s), (here.index() + 1) % 3);
    co_await s.write(*line + '\n');
  }
}

auto wandering() {
  return [](GroupShare& here) { return [&here](Stream s) { return wander(here, std::move(s)); }; };
}

TEST(GroupPort, AMovedConnectionKeepsItsBytes) {
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 3}};
    auto port = co_await listen(group, kAnywhere, wandering());
    auto client = co_await call_on(port);
    for (int round = 0; round < 20; ++round) {
      // What follows the word is read there, whether it came before or after the move.
      co_await client.stream.write("move\nbehind it\n");
      const auto there = co_await client.stream.read_line();
      client.served_by = (client.served_by + 1) % 3;
      EXPECT_EQ(there, std::to_string(client.served_by));
      EXPECT_EQ(co_await client.stream.read_line(), "behind it");
      co_await until([&] { return port.load().open() == 1; });  // the handler it left has ended
      EXPECT_EQ(port.load().reactors[client.served_by].open, 1u);
    }
    EXPECT_EQ(port.load().accepted(), 1u);
  });
}

TEST(GroupPort, AConnectionMovesToAHandlerOfItsOwn) {
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 2}};
    auto port = co_await listen(group, kAnywhere, [](GroupShare& here) {
      return [&here](Stream s) -> Deferred<void> {
        return here.move(std::move(s), 1 - here.index(), [&group = here](Stream moved) -> Deferred<void> {
          EXPECT_FALSE(moved.peer().str().empty());
          auto written = moved.write("moved\n");
          std::ignore = group.index();
          return std::move(written).then([moved = std::move(moved)] {});
        });
      };
    });
    auto stream = co_await connect(at(port));
    EXPECT_EQ(co_await stream.read_line(), "moved");
  });
}

TEST(GroupPort, ABusyConnectionStaysWhereItIs) {
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 2}};
    auto port = co_await listen(group, kAnywhere, [](GroupShare& here) {
      return [&here](this auto, Stream s) -> Deferred<void> {
        auto reading = s.read_some();
        auto refused = co_await as_outcome(here.move(std::move(s), 1 - here.index()));
        EXPECT_TRUE(!refused.has_value() && refused.error().template check<CannotRelease>());
        const auto beyond = co_await as_outcome(here.move(std::move(s), 7));
        EXPECT_FALSE(beyond.has_value());
        co_await s.write("here\n");
      };
    });
    auto stream = co_await connect(at(port));
    EXPECT_EQ(co_await stream.read_line(), "here");
  });
}

TEST(GroupPort, AConnectionThatMovesToAStoppedReactorIsClosed) {
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 3}};
    auto port = co_await listen(group, kAnywhere, wandering());
    auto client = co_await call_on(port);
    const auto before = open_descriptors();
    const std::size_t next = (client.served_by + 1) % 3;
    group.stop(next);
    co_await until([&] { return !group.serving(next); });
    co_await client.stream.write("move\n");
    EXPECT_EQ(co_await client.stream.read_some(), std::nullopt);
    co_await until([&] { return port.load().open() == 0; });
    EXPECT_LE(open_descriptors(), before);
  });
}

TEST(GroupPort, WhatIsOnItsWayToAReactorThatStopsIsClosed) {
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 2}};
    auto port = co_await listen(group, kAnywhere, greeting());
    std::size_t greeted = 0;
    std::vector<Deferred<void>> calls;
    for (int i = 0; i < 200; ++i) {
      calls.push_back(call_on(port).then([&](Client) { ++greeted; }).recover([](Failure failure) {
        EXPECT_TRUE((failure.check<ConnectionClosed, ConnectError>())) << failure.report();
      }));
      if (i == 100) group.stop(1);
    }
    co_await gather(std::move(calls));
    EXPECT_GT(greeted, 0u);
    co_await until([&] { return port.load().open() == 0; });
    EXPECT_EQ((co_await call_on(port)).served_by, 0u);
  });
}

TEST(GroupPort, WhenEveryReactorHasStoppedConnectionsAreClosed) {
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 2}};
    auto port = co_await listen(group, kAnywhere, greeting());
    co_await group.close();
    auto stream = co_await connect(at(port));
    EXPECT_FALSE((co_await stream.read_some().recover([](Failure) { return std::optional<Bytes>(); })).has_value());
    auto none = co_await as_outcome(listen(group, kAnywhere, greeting()));
    EXPECT_TRUE(none.error().check<ReactorStopped>());
  });
}

TEST(GroupPort, CloseLetsConnectionsFinishUpToTheLimit) {
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 2}};
    auto port = co_await listen(group, kAnywhere, greeting());
    auto finishing = co_await call_on(port);
    auto closing = port.close(10s);
    EXPECT_FALSE((co_await as_outcome(connect(at(port)))).has_value());
    co_await finishing.stream.write("last\n");
    EXPECT_EQ(co_await finishing.stream.read_line(), "last");
    EXPECT_TRUE(closing.pending());
    finishing.stream.close();
    co_await std::move(closing);

    auto other = co_await listen(group, kAnywhere, greeting());
    auto staying = co_await call_on(other);
    co_await other.close(5ms);
    EXPECT_FALSE((co_await staying.stream.read_some().recover([](Failure) { return std::optional<Bytes>(); })).has_value());
    EXPECT_EQ(other.load().open(), 0u);
  });
}

TEST(GroupPort, DroppingThePortOrTheGroupAbortsTheConnections) {
  on_reactor([]() -> Deferred<void> {
    std::optional<ReactorGroup> group;
    for (const bool port_first : {true, false}) {
      for (const Spread spread : {Spread::kLeastLoaded, Spread::kReusePort}) {
        group.emplace(ReactorGroupOptions{.reactors = 2});
        std::optional port = co_await listen(*group, kAnywhere, greeting(), {.spread = spread});
        std::vector<Client> clients;
        for (int i = 0; i < 10; ++i) clients.push_back(co_await call_on(*port));
        port_first ? port.reset() : group.reset();
        for (auto& each : clients) {
          const auto end = co_await as_outcome(each.stream.read_some());
          EXPECT_TRUE(!end.has_value() || !end.value());
        }
      }
    }
  });
}

TEST(GroupPort, WhatCannotBeOpenedLeavesNothing) {
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 3}};
    auto taken = co_await listen(kAnywhere, [](Stream) { return succeed(); });
    const auto before = open_descriptors();
    auto refused = co_await as_outcome(listen(group, here(taken) + ":address=127.0.0.1", greeting()));
    EXPECT_FALSE(refused.has_value());
    auto busy = co_await as_outcome(
        listen(group, TcpServerEndpoint{.port = taken.address().port(), .address = "127.0.0.1"}, greeting()));
    EXPECT_TRUE(busy.error().check<CannotListen>());
    for (const Spread spread : {Spread::kLeastLoaded, Spread::kReusePort}) {
      auto half = co_await as_outcome(listen(group, kAnywhere, [](GroupShare& here) {
        if (here.index() == 1) throw Error("the second cannot be made");
        return PortServer(factory<Echo>());
      }, {.spread = spread}));
      EXPECT_EQ(half.error().message(), "the second cannot be made");
    }
    for (std::size_t i = 0; i < group.size(); ++i) co_await group.call(i, [] {});  // they have cleaned up
    EXPECT_EQ(open_descriptors(), before);
  });
}

TEST(GroupPort, RunningOutOfDescriptorsRefusesAndGoesOn) {
  on_reactor([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 2}};
    auto port = co_await listen(group, kAnywhere, greeting());
    std::ignore = co_await call_on(port);
    rlimit before;
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit few{static_cast<rlim_t>(open_descriptors()) + 6, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    std::vector<Client> clients;
    for (int i = 0; i < 20; ++i) {
      auto client = co_await as_outcome(with_timeout(500ms, call_on(port)));
      if (!client) break;
      clients.push_back(*std::move(client));
    }
    EXPECT_LT(clients.size(), 20u);
    ::setrlimit(RLIMIT_NOFILE, &before);
    clients.clear();
    co_await until([&] { return port.load().open() == 0; });
    EXPECT_LT((co_await call_on(port)).served_by, 2u);
  });
}

}  // namespace
}  // namespace torc
