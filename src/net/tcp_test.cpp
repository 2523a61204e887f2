#include "net/on_reactor.hpp"

#include <torc/endpoint/listen.hpp>
#include <torc/net/connect.hpp>
#include <torc/torc.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

class Echo : public Protocol {
  void data_received(std::string_view data) override { transport().write(data); }
};

Deferred<void> echo(Stream s) {
  while (auto chunk = co_await s.read_some()) co_await s.write(*chunk);
}

Deferred<void> round_trip(std::string where, std::string message) {
  auto stream = co_await connect(where);
  co_await stream.write(message);
  EXPECT_EQ(co_await stream.read_exactly(message.size()), message);
  stream.shutdown_write();
  EXPECT_EQ(co_await stream.read_some(), std::nullopt);
}

TEST(Tcp, EchoesThroughAProtocolAndThroughAStream) {
  on_reactor([]() -> Deferred<void> {
    auto callbacks = co_await listen(kAnywhere, factory<Echo>());
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

struct Recorder : Protocol {
  explicit Recorder(std::string* events) : events(events) {}
  ~Recorder() override { *events += "~"; }
  void connection_made() override { *events += "made "; }
  void data_received(std::string_view data) override {
    *events += "data ";
    if (data == "throw") throw std::runtime_error("on purpose");
    if (data == "close") transport().close(), *events += "closed ";
  }
  void end_received() override {
    *events += "end ";
    transport().close();
  }
  void connection_lost(const Failure& reason) override { *events += reason.check<ConnectionDone>() ? "done " : "lost "; }
  std::string* events;
};

TEST(Tcp, AProtocolSeesItsCallsInOrder) {
  std::string events;
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = co_await listen(kAnywhere, factory<Recorder>(&events));
    {
      auto stream = co_await connect(here(port));
      co_await stream.write("close");
      co_await stream.read_some();
    }
    co_await port.close();
  });
  EXPECT_EQ(events, "made data closed done ~");
}

TEST(Tcp, AnExceptionInAProtocolAbortsItsConnectionOnly) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  std::string events;
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = co_await listen(kAnywhere, factory<Recorder>(&events));
    auto stream = co_await connect(here(port));
    co_await stream.write("throw");
    auto end = co_await as_outcome(stream.read_some());
    EXPECT_FALSE(end.has_value());
    auto other = co_await connect(here(port));
    co_await port.close();
  });
  EXPECT_TRUE(captured->contains("on purpose"));
  EXPECT_TRUE(events.starts_with("made data lost ~made "));
}

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
    auto port = co_await listen(kAnywhere, factory<Echo>());
    auto stream = co_await connect(here(port));
    while (port.connections() < 1) co_await sleep(1ms);
    auto first = port.close();
    auto second = port.close();
    co_await first;
    co_await second;
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

TEST(Tcp, ManySmallFilesHoldTheWriterBackLikeALargeOne) {
  struct Sender : Protocol {
    explicit Sender(int* sent) : sent(sent) {}
    void connection_made() override {
      const auto cork = transport().cork();
      for (; *sent < 1000 && !transport().full(); ++*sent) {
        transport().write_file(UniqueFd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), 0, 100);
      }
    }
    void data_received(std::string_view) override {}
    int* sent;
  };
  on_reactor([]() -> Deferred<void> {
    int sent = 0;
    auto port = co_await listen(kAnywhere, factory<Sender>(&sent));
    auto stream = co_await connect(here(port));
    co_await stream.read_exactly(100);
    EXPECT_LT(sent, 20);
    EXPECT_EQ((co_await stream.read_exactly(static_cast<std::size_t>(sent - 1) * 100)).size(), (sent - 1) * 100u);
  });
}

TEST(Tcp, CorkedWritesDoNotPileUp) {
  struct Sender : Protocol {
    explicit Sender(std::size_t* sent) : sent(sent) {}
    void connection_made() override {
      const auto cork = transport().cork();
      const std::string piece(1000, 'x');
      for (; *sent < 100'000'000 && !transport().full(); *sent += piece.size()) transport().write(piece);
    }
    void data_received(std::string_view) override {}
    std::size_t* sent;
  };
  on_reactor([]() -> Deferred<void> {
    std::size_t sent = 0;
    auto port = co_await listen(kAnywhere, factory<Sender>(&sent));
    auto stream = co_await connect(here(port));
    co_await stream.read_exactly(1000);
    EXPECT_LT(sent, 100'000'000u);
    EXPECT_EQ((co_await stream.read_exactly(sent - 1000)).size(), sent - 1000);
  });
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

// Writes more than the system buffers, and closes.
struct Burst : Protocol {
  void connection_made() override {
    transport().write(std::string(15 << 20, 'x'));
    transport().close();
  }
  void data_received(std::string_view) override {}
};

TEST(Tcp, ClosingGoesOnForAPeerThatReadsSlowly) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, factory<Burst>(), {.transport = {.close_timeout = 100ms}});
    auto stream = co_await connect(here(port));
    std::size_t got = 0;
    while (auto piece = co_await stream.read_some()) {
      got += piece->size();
      co_await sleep(10ms);
    }
    EXPECT_EQ(got, 15u << 20);
  });
}

TEST(Tcp, ACloseTimeoutWithoutEndIsNone) {
  static constexpr TransportOptions kPatient{.close_timeout = Duration::max()};
  class Teller : public Protocol {
    void connection_made() override {
      transport().write(std::string(8'000'000, 'x'));
      transport().close();
    }
    void data_received(std::string_view) override {}
  };
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, factory<Teller>(), {.transport = kPatient});
    auto stream = co_await connect(here(port));
    co_await sleep(5ms);
    EXPECT_EQ((co_await stream.read_exactly(8'000'000)).size(), 8'000'000u);
  });
}

TEST(Tcp, ClosingEndsForAPeerThatDoesNotRead) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, factory<Burst>(), {.transport = {.close_timeout = 100ms}});
    auto stream = co_await connect(here(port));
    do {
      co_await sleep(10ms);
    } while (port.connections() > 0);
  });
}

TEST(Tcp, ErrorsNameTheThing) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, echo);
    auto taken = co_await as_outcome(listen("tcp:" + std::to_string(port.address().port()) + ":address=127.0.0.1", echo));
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
    co_await round_trip(here(port), "again");
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
