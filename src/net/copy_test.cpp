#include <torc/net/copy.hpp>

#include "net/on_reactor.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/net/connect.hpp>

#include <gtest/gtest.h>

#include <string>

namespace torc {
namespace {

using namespace std::chrono_literals;

Deferred<void> echo(Stream s) { co_await copy(s, s); }

TEST(Copy, PassesAllOnWithItsEnd) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(anywhere(), echo);
    Stream s = co_await connect_tcp(port.address());
    const std::string sent(3'000'000, 'x');
    auto writing = s.write(sent);
    s.shutdown_write();
    EXPECT_EQ((co_await s.read_exactly(sent.size())).size(), sent.size());
    EXPECT_EQ(co_await s.read_some(), std::nullopt);
    co_await std::move(writing);
  });
}

TEST(Copy, LeavesTheTargetOpenWhenTold) {
  on_reactor([]() -> Deferred<void> {
    auto source = Port::serve(anywhere(), [](Stream s) -> Deferred<void> { co_await s.write("first"); });
    auto target = Port::serve(anywhere(), echo);
    Stream to = co_await connect_tcp(target.address());
    Stream from = co_await connect_tcp(source.address());
    EXPECT_EQ(co_await copy(from, to, AtEnd::kLeaveOpen), 5u);
    co_await to.write(", second");
    EXPECT_EQ(co_await to.read_exactly(13), "first, second");
  });
}

TEST(Copy, AsksForNothingItCannotPassOn) {
  on_reactor([]() -> Deferred<void> {
    auto source = Port::serve(anywhere(), [](Stream s) -> Deferred<void> {
      const std::string block(64 * 1024, 'x');
      while (true) co_await s.write(block);
    });
    auto silent = Port::serve(anywhere(), [](Stream s) -> Deferred<void> {
      co_await until_cancelled();
      s.close();
    });
    Stream from = co_await connect_tcp(source.address());
    Stream to = co_await connect_tcp(silent.address());
    auto copying = copy(from, to);
    while (to.unsent() <= 64 * 1024) co_await sleep(1ms);  // until the system takes no more
    for (int i = 0; i < 20; ++i) {
      EXPECT_LE(to.unsent(), 64u * 1024 + 256 * 1024);
      co_await sleep(1ms);
    }
    EXPECT_TRUE(copying.pending());
  });
}

TEST(Relay, CarriesBothWaysAndEachEnd) {
  on_reactor([]() -> Deferred<void> {
    auto server = Port::serve(anywhere(), [](Stream s) -> Deferred<void> {
      auto asked = co_await s.read_until("\n");
      EXPECT_EQ(co_await s.read_some(), std::nullopt);  // the client's end came through
      co_await s.write("answer to " + *asked);
    });
    Relayed relayed;
    auto proxy = Port::serve(anywhere(), [&](this auto, Stream client) -> Deferred<void> {
      Stream upstream = co_await connect_tcp(server.address());
      relayed = co_await relay(client, upstream);
    });
    Stream s = co_await connect_tcp(proxy.address());
    co_await s.write("question\n");
    s.shutdown_write();
    EXPECT_EQ(co_await s.read_exactly(18), "answer to question");
    EXPECT_EQ(co_await s.read_some(), std::nullopt);
    co_await proxy.close();
    EXPECT_EQ(relayed.forward, 9u);
    EXPECT_EQ(relayed.backward, 18u);
  });
}

TEST(Relay, ABreakOnOneSideBreaksTheOther) {
  on_reactor([]() -> Deferred<void> {
    auto server = Port::serve(anywhere(), [](Stream s) -> Deferred<void> {
      co_await s.read_some();
      s.abort();
    });
    auto proxy = Port::serve(anywhere(), [&](this auto, Stream client) -> Deferred<void> {
      Stream upstream = co_await connect_tcp(server.address());
      co_await relay(client, upstream);
    });
    Stream s = co_await connect_tcp(proxy.address());
    co_await s.write("x");
    auto read = co_await as_outcome(s.read_some());
    EXPECT_FALSE(read) << "a cut looks like an end";
  });
}

AsyncGenerator<std::string> numbers(int count, int& made) {
  for (; made < count; ++made) co_yield std::to_string(made) + " ";
}

TEST(Pump, WritesWhatAGeneratorGives) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(anywhere(), echo);
    Stream s = co_await connect_tcp(port.address());
    int made = 0;
    EXPECT_EQ(co_await pump(numbers(5, made), s), 10u);
    EXPECT_EQ(co_await s.read_exactly(10), "0 1 2 3 4 ");
  });
}

AsyncGenerator<std::string> blocks(int& made) {
  for (;; ++made) co_yield std::string(100'000, 'x');
}

TEST(Pump, AsksForNothingThatHasNoRoom) {
  on_reactor([]() -> Deferred<void> {
    auto silent = Port::serve(anywhere(), [](Stream s) -> Deferred<void> {
      co_await until_cancelled();
      s.close();
    });
    Stream s = co_await connect_tcp(silent.address());
    int made = 0;
    auto pumping = pump(blocks(made), s);
    while (s.unsent() <= 64 * 1024) co_await sleep(1ms);  // until the system takes no more
    const int before = made;
    for (int i = 0; i < 20; ++i) co_await sleep(1ms);
    EXPECT_LE(made, before + 1);
    EXPECT_LE(s.unsent(), 200'000u);
    EXPECT_TRUE(pumping.pending());
  });
}

}  // namespace
}  // namespace torc
