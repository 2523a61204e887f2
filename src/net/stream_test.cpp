#include "net/echo.hpp"
#include "net/on_reactor.hpp"

#include <torc/endpoint/listen.hpp>
#include <torc/net/connect.hpp>
#include <torc/torc.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

Deferred<void> round_trip(std::string where, std::string message) {
  co_await hears_itself(co_await connect(where), std::move(message));
}

TEST(Tcp, EchoesThroughAProtocolAndThroughAStream) {
  on_reactor([]() -> Deferred<void> {
    auto callbacks = co_await listen(kAnywhere, factory<EchoProtocol>());
    auto coroutines = co_await listen(kAnywhere, echo);
    std::vector<Deferred<void>> trips;
    for (int i = 0; i < 20; ++i) {
      trips.push_back(round_trip(here(callbacks), std::string(1000, static_cast<char>('a' + i))));
      trips.push_back(round_trip(here(coroutines), std::string(1000, static_cast<char>('a' + i))));
    }
    co_await gather(std::move(trips));
    co_await callbacks.close();
    co_await coroutines.close();
  });
}

TEST(Tcp, CarriesMoreThanTheBuffersHold) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, echo);
    auto stream = co_await connect(here(port));
    const std::size_t kTotal = 32 << 20;
    auto writing = [](Stream& s, std::size_t total) -> Deferred<void> {
      const std::string block(100'000, 'x');
      for (std::size_t sent = 0; sent < total; sent += block.size()) co_await s.write(block);
      s.shutdown_write();
    }(stream, kTotal);
    std::size_t got = 0;
    while (auto chunk = co_await stream.read_some()) got += chunk->size();
    co_await writing;
    EXPECT_GE(got, kTotal);
  });
}

TEST(Tcp, AStalledReaderHoldsTheWriterBack) {
  on_reactor([]() -> Deferred<void> {
    std::optional<Stream> stalled;
    auto port = co_await listen(kAnywhere, [&](this auto, Stream s) -> Deferred<void> {
      stalled.emplace(std::move(s));
      co_await until_cancelled();
    });
    auto stream = co_await connect(here(port));
    const std::string block(64 * 1024, 'x');
    Deferred<void> last = succeed();
    for (int i = 0; i < 1000 && !last.pending(); ++i) last = stream.write(block);
    EXPECT_TRUE(last.pending());
    EXPECT_LE(stream.unsent(), 2 * block.size());  // the mark, and one write above it
    last.cancel();
    EXPECT_TRUE(last.take().error().check<Cancelled>());
  });
}

TEST(Tcp, ReadsUpToADelimiterAcrossAnySplit) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, [](Stream s) -> Deferred<void> {
      for (const char c : std::string("one\r\ntwo\nthree")) {
        co_await s.write(std::string_view(&c, 1));
        co_await sleep(1ms);
      }
    });
    auto stream = co_await connect(here(port));
    EXPECT_EQ(co_await stream.read_line(), "one");
    EXPECT_EQ(co_await stream.read_line(), "two");
    auto rest = co_await as_outcome(stream.read_line());
    EXPECT_TRUE(rest.error().check<IncompleteRead>());
  });
}

TEST(Tcp, ALineBeyondItsLimitIsRefused) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, [](Stream s) -> Deferred<void> { co_await s.write(std::string(100, 'x')); });
    auto stream = co_await connect(here(port));
    auto line = co_await as_outcome(stream.read_line(50));
    EXPECT_TRUE(line.error().check<LimitExceeded>());
  });
}

TEST(Tcp, DroppingAPendingReadLosesNoByte) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, echo);
    auto stream = co_await connect(here(port));
    {
      auto dropped = stream.read_some();
      EXPECT_TRUE(dropped.pending());
    }
    {
      auto fired = stream.read_some();
      co_await stream.write("kept");
      while (fired.pending()) co_await sleep(1ms);
    }  // had its bytes, and is dropped with them
    EXPECT_EQ(co_await stream.read_exactly(4), "kept");
  });
}

TEST(Tcp, TwoReadsAtOnceAreAnError) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, echo);
    auto stream = co_await connect(here(port));
    auto first = stream.read_some();
    auto second = co_await as_outcome(stream.read_some());
    EXPECT_EQ(second.error().message(), "two reads at once on one stream");
  });
}

TEST(Tcp, AnAbortIsSeenAsAReset) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, [](Stream s) -> Deferred<void> {
      co_await s.read_some();
      s.abort();
    });
    auto stream = co_await connect(here(port));
    co_await stream.write("x");
    auto end = co_await as_outcome(stream.read_some());
    EXPECT_TRUE(end.error().check<ConnectionLost>());
  });
}

TEST(Tcp, WhatThePeerSaidBeforeAResetIsHeard) {
  on_reactor([]() -> Deferred<void> {
    // Closing with bytes unread makes the kernel reset the connection right behind the answer.
    auto port = co_await listen(kAnywhere, [](Stream s) -> Deferred<void> {
      co_await s.read_exactly(1);
      co_await sleep(20ms);
      co_await s.write("too much");
    });
    auto stream = co_await connect(here(port));
    auto writing = stream.write(std::string(10 << 20, 'x'));
    EXPECT_TRUE(writing.pending());
    EXPECT_EQ(co_await stream.read_exactly(8), "too much");
    auto written = co_await as_outcome(std::move(writing));
    EXPECT_TRUE(!written && written.error().check<ConnectionLost>());
    auto end = co_await as_outcome(stream.read_some());
    EXPECT_TRUE(!end && end.error().check<ConnectionLost>());
  });
}

TEST(Tcp, WhatCameIsKeptWhenBothEndsHaveShutDown) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, [](Stream s) -> Deferred<void> {
      while (co_await s.read_some()) {
      }
      co_await s.write("answer");
    });
    auto stream = co_await connect(here(port));
    stream.shutdown_write();
    co_await sleep(10ms);  // the answer and the end arrive while nobody reads
    EXPECT_EQ(co_await stream.read_some(), Bytes("answer"));
    EXPECT_EQ(co_await stream.read_some(), std::nullopt);
  });
}

TEST(Tcp, AStreamUnwoundByAnExceptionAborts) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, [](Stream s) -> Deferred<void> {
      co_await s.read_some();
      throw std::runtime_error("handler failed");
    });
    auto stream = co_await connect(here(port));
    co_await stream.write("x");
    auto end = co_await as_outcome(stream.read_some());
    EXPECT_FALSE(end.has_value());
  });
  EXPECT_TRUE(captured->contains("handler failed"));
}

TEST(Tcp, AStreamThatIsCutWhenItsReactorHasEndedIsFreed) {
  Reactor reactor;  // a leak is for the sanitizer to see
  Deferred<void> task = succeed();
  reactor.call_when_running([&] {
    task = [](Reactor& reactor) -> Deferred<void> {
      auto port = co_await listen(kAnywhere, echo);
      auto stream = co_await connect(here(port));
      reactor.crash();
      co_await until_cancelled();
    }(reactor);
  });
  reactor.run();
  const Scheduler::Enter enter(&reactor);
  task = succeed();
}

TEST(Tcp, SendsAFileRegionBehindWhatWasWritten) {
  char name[] = "/tmp/torc-send-XXXXXX";
  const int made = ::mkstemp(name);
  ASSERT_GE(made, 0);
  std::string content(3 << 20, 'f');
  for (std::size_t i = 0; i < content.size(); i += 1000) content[i] = static_cast<char>('a' + i % 26);
  ASSERT_EQ(::write(made, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  ::close(made);
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = co_await listen(kAnywhere, [&name](this auto, Stream s) -> Deferred<void> {
      co_await s.write("head:");
      co_await s.send_file(UniqueFd(::open(name, O_RDONLY | O_CLOEXEC)), 10, (3 << 20) - 10);
      co_await s.write(":tail");
    });
    auto stream = co_await connect(here(port));
    EXPECT_EQ(co_await stream.read_exactly(5), "head:");
    EXPECT_EQ(co_await stream.read_exactly((3 << 20) - 10), content.substr(10));
    EXPECT_EQ(co_await stream.read_exactly(5), ":tail");
  });
  ::unlink(name);
}

}  // namespace
}  // namespace torc
