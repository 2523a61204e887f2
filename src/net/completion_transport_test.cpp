// What is peculiar to connections whose bytes come by completion; all else is tested by running the tests of net again
// on io_uring.
#include "net/on_reactor.hpp"

#include <torc/endpoint/listen.hpp>
#include <torc/torc.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <string>

namespace torc {
namespace {

using namespace std::chrono_literals;

// Everything that a protocol hears, and it wants pieces of three bytes.
struct Picky final : Protocol {
  explicit Picky(std::string* heard, std::size_t* calls) : heard(heard), calls(calls) {}
  void data_received(std::string_view data) override {
    EXPECT_LE(data.size(), 3u);
    *heard += data;
    ++*calls;
    if (*calls % 2 != 0) return;
    transport().pause_reading();
    resuming = sleep(Duration(0)).then([this] { transport().resume_reading(); });
  }
  void end_received() override { *heard += "|"; }
  void connection_lost(const Failure& reason) override { *heard += reason.check<ConnectionDone>() ? "done" : "lost"; }
  std::size_t max_read() const noexcept override { return 3; }
  std::string* heard;
  std::size_t* calls;
  Deferred<void> resuming = succeed();
};

UniqueFd raw_client(const Port& port) {
  UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage raw;
  const auto size = port.address().to_sockaddr(&raw);
  EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&raw), size), 0);
  return client;
}

void say(const UniqueFd& client, std::string_view text) {
  EXPECT_EQ(::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

void reset(UniqueFd client) {
  const linger cut{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
}

Deferred<void> until_heard(const std::string& heard, std::string what) {
  while (heard != what) co_await sleep(1ms);
}

TEST(CompletionTransport, PiecesAndPausesInTheirMidstLoseNothing) {
  std::string heard;
  std::size_t calls = 0;
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = co_await listen(kAnywhere, factory<Picky>(&heard, &calls));
    const UniqueFd client = raw_client(port);
    say(client, "abcdefghijklmnopqrstuvwxyz");
    ::shutdown(client.get(), SHUT_WR);
    co_await until_heard(heard, "abcdefghijklmnopqrstuvwxyz|");
  });
  EXPECT_EQ(calls, 9u);
}

TEST(CompletionTransport, AResetBehindThePeersEndIsHeardAndTheEndOnce) {
  std::string heard;
  std::size_t calls = 0;
  on_reactor([&](this auto) -> Deferred<void> {
    auto port = co_await listen(kAnywhere, factory<Picky>(&heard, &calls));
    UniqueFd client = raw_client(port);
    ::shutdown(client.get(), SHUT_WR);
    co_await until_heard(heard, "|");
    reset(std::move(client));
    co_await until_heard(heard, "|lost");
  });
}

TEST(CompletionTransport, AResetIsHeardWhileNobodyReads) {
  struct Deaf final : Protocol {
    explicit Deaf(std::string* heard) : heard(heard) {}
    void connection_made() override {
      transport().pause_reading();
      *heard += "made ";
    }
    void data_received(std::string_view) override { ADD_FAILURE() << "heard what it did not want"; }
    void connection_lost(const Failure&) override { *heard += "lost"; }
    std::string* heard;
  };
  for (const char* said : {"", "something"}) {
    std::string heard;
    on_reactor([&](this auto) -> Deferred<void> {
      auto port = co_await listen(kAnywhere, factory<Deaf>(&heard));
      UniqueFd client = raw_client(port);
      if (*said) say(client, said);
      co_await until_heard(heard, "made ");
      co_await sleep(5ms);
      reset(std::move(client));
      co_await until_heard(heard, "made lost");
    });
  }
}

TEST(CompletionTransport, APeerThatGoesOnWritingToWhoDoesNotReadIsHeldBack) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kAnywhere, [](this auto, Stream s) -> Deferred<void> {
      co_await s.read_exactly(1);
      co_await until_cancelled();
    });
    const UniqueFd client = raw_client(port);
    const std::string block(64 * 1024, 'x');
    std::size_t sent = 0;
    // Until it took nothing for a while.
    for (int idle = 0; idle < 50 && sent < (64u << 20);) {
      const auto count = ::send(client.get(), block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      idle = count > 0 ? 0 : idle + 1;
      sent += count > 0 ? static_cast<std::size_t>(count) : 0;
      if (count <= 0) co_await sleep(1ms);
    }
    EXPECT_LT(sent, 64u << 20);
  });
}

TEST(CompletionTransport, BytesThatWereReceivedAheadGoWithAReleasedSocket) {
  on_reactor([]() -> Deferred<void> {
    constexpr std::size_t kNumbers = 20'000;
    auto port = co_await listen(kAnywhere, [](this auto, Stream s) -> Deferred<void> {
      for (std::size_t i = 0; i < kNumbers; ++i) {
        co_await s.write(std::to_string(i) + "\n");
        if (i % 100 == 0) co_await sleep(Duration(0));
      }
      s.shutdown_write();
      while (co_await s.read_some()) {
      }
    });
    auto stream = co_await connect(here(port));
    for (std::size_t i = 0; i < kNumbers; ++i) {
      const auto line = co_await stream.read_line();
      EXPECT_EQ(line, std::to_string(i));
      if (line != std::to_string(i)) break;
      if (i % 7 != 0) continue;
      if (i % 2 != 0) co_await sleep(Duration(0));
      stream = Stream::adopt(stream.release_socket());
    }
    EXPECT_EQ(co_await stream.read_some(), std::nullopt);
  });
}

}  // namespace
}  // namespace torc
