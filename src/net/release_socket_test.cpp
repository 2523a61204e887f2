#include "net/echo.hpp"
#include "net/on_reactor.hpp"

#include <torc/endpoint/listen.hpp>
#include <torc/net/layer.hpp>
#include <torc/torc.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace torc {
namespace {

using namespace std::chrono_literals;

std::string why_not(Stream& stream) {
  try {
    auto released = stream.release_socket();
    return "released";
  } catch (const CannotRelease& refused) {
    return refused.what();
  }
}

TEST(ReleaseSocket, TakesTheUnreadBytesAlong) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, [](Stream s) -> Deferred<void> {
      co_await s.write("first\nsecond\n");
      co_await echo(std::move(s));
    });
    auto before = co_await connect(here(port));
    const SocketAddress local = before.local();
    EXPECT_EQ(co_await before.read_line(), "first");
    Stream after = Stream::adopt(before.release_socket());
    EXPECT_FALSE(before.open());
    EXPECT_EQ(after.local(), local);
    EXPECT_EQ(co_await after.read_line(), "second");
    co_await after.write("third\n");
    EXPECT_EQ(co_await after.read_line(), "third");
    EXPECT_EQ(co_await before.read_some(), std::nullopt);
    EXPECT_FALSE((co_await as_outcome(before.write("x"))).has_value());
  });
}

TEST(ReleaseSocket, RefusesAStreamThatIsInUse) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, [](this auto, [[maybe_unused]] Stream s) -> Deferred<void> { co_await until_cancelled(); });
    auto stream = co_await connect(here(port));
    {
      auto reading = stream.read_some();
      EXPECT_NE(why_not(stream).find("a read, a write"), std::string::npos);
    }
    const std::string block(1 << 20, 'x');
    Deferred<void> writing = succeed();
    while (!writing.pending()) writing = stream.write(block);
    EXPECT_NE(why_not(stream).find("a write"), std::string::npos);
    writing.cancel();
    EXPECT_NE(why_not(stream).find("dropped"), std::string::npos);
    std::ignore = co_await as_outcome(std::move(writing));
    stream.abort();
    EXPECT_NE(why_not(stream).find("it is over"), std::string::npos);
  });
}

TEST(ReleaseSocket, RefusesWhatHasBytesToSendOrIsHalfClosed) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, [](this auto, [[maybe_unused]] Stream s) -> Deferred<void> { co_await until_cancelled(); });
    auto stream = co_await connect(here(port));
    const std::string piece(32 * 1024, 'x');
    while (stream.unsent() == 0) co_await stream.write(piece);
    EXPECT_NE(why_not(stream).find("bytes to send"), std::string::npos);
    EXPECT_TRUE(stream.open());
    auto other = co_await connect(here(port));
    other.shutdown_write();
    EXPECT_NE(why_not(other).find("shut down"), std::string::npos);
    stream.abort();
  });
}

TEST(ReleaseSocket, RefusesWhatLiesUnderALayer) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, echo);
    auto stream = co_await connect(here(port));
    co_await stream.upgrade(std::make_unique<Layer>());
    EXPECT_NE(why_not(stream).find("a layer"), std::string::npos);
    co_await stream.write("still\n");
    EXPECT_EQ(co_await stream.read_line(), "still");
  });
}

TEST(ReleaseSocket, WhatNobodyAdoptsIsClosed) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, [](Stream s) -> Deferred<void> {
      co_await s.read_exactly(2);
      auto released = s.release_socket();
    });
    auto stream = co_await connect(here(port));
    co_await stream.write("go");
    EXPECT_EQ(co_await stream.read_some(), std::nullopt);
  });
}

}  // namespace
}  // namespace torc
