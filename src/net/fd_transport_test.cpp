#include "net/on_reactor.hpp"

#include <torc/endpoint/listen.hpp>
#include <torc/net/connect.hpp>
#include <torc/net/connection.hpp>
#include <torc/torc.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace torc {
namespace {

using namespace std::chrono_literals;

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
  void connection_lost(const Failure& reason) override {
    *events += reason.check<ConnectionDone>() ? "done " : "lost ";
  }
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

// It does not read while its peer has not taken what it wrote; a peer that never will may have said why.
TEST(Tcp, WhatThePeerSaidBeforeAResetIsHeardByAProtocolThatWaitedToWrite) {
  struct Insistent final : Protocol {
    explicit Insistent(std::string* heard) : heard(heard) {}
    void connection_made() override { transport().write(std::string(10 << 20, 'x')); }
    void data_received(std::string_view data) override { *heard += data; }
    void connection_lost(const Failure&) override { *heard += ", lost"; }
    std::string* heard;
  };
  std::string heard;
  on_reactor([&](this auto) -> Deferred<void> {
    // Closing with bytes unread makes the kernel reset the connection right behind the answer.
    auto port = co_await listen(kAnywhere, [](Stream s) -> Deferred<void> {
      co_await s.read_exactly(1);
      co_await sleep(20ms);
      co_await s.write("too much");
    });
    auto connection = Connection::serve(co_await connect(here(port)), std::make_unique<Insistent>(&heard));
    static_cast<void>(co_await as_outcome(connection.closed()));
  });
  EXPECT_EQ(heard, "too much, lost");
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

}  // namespace
}  // namespace torc
