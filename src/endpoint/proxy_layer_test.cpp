// Connections behind a proxy: who the peer then is, and what is let through.
#include "torc/endpoint/proxy_layer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "net/on_reactor.hpp"
#include "net/scratch_folder.hpp"
#include "torc/async/coroutine.hpp"
#include "torc/base/log.hpp"
#include "torc/codec/proxy_header.hpp"
#include "torc/endpoint/listen.hpp"
#include "torc/net/connect.hpp"

namespace torc {
namespace {

using namespace std::chrono_literals;
using codec::ProxyHeader;

SocketAddress at(std::string_view text) { return *SocketAddress::parse(text); }
ProxyHeader from(std::string_view source, std::string_view destination) {
  return {.ends = ProxyHeader::Ends{at(source), at(destination)}};
}

// Says who it thinks is there, then echoes.
Deferred<void> tell_ends(Stream s) {
  co_await s.write(s.peer().str() + " " + s.local().str() + "\n");
  while (auto chunk = co_await s.read_some()) co_await s.write(*chunk);
}

class TellEnds : public Protocol {
  void connection_made() override {
    transport().write(transport().peer().str() + " " + transport().local().str() + "\n");
  }
  void data_received(std::string_view data) override { transport().write(data); }
};

constexpr const char* kBehindProxy = "haproxy:tcp:0:address=127.0.0.1";

TEST(ProxyLayer, ReplacesTheEndsWhateverTheFragments) {
  on_reactor([]() -> Deferred<void> {
    auto streams = co_await listen(kBehindProxy, tell_ends);
    auto protocols = co_await listen(kBehindProxy, factory<TellEnds>());
    const auto header = from("192.0.2.1:40000", "198.51.100.2:443");
    for (auto* port : {&streams, &protocols}) {
      for (const auto& head : {codec::write_proxy_header_v1(header), codec::write_proxy_header_v2(header)}) {
        for (const std::size_t step : {head.size() + 5, std::size_t{1}, std::size_t{13}}) {
          auto stream = co_await connect(here(*port));
          const std::string sent = head + "hello";
          for (std::size_t i = 0; i < sent.size(); i += step) {
            co_await stream.write(sent.substr(i, step));
            co_await sleep(0ms);
          }
          EXPECT_EQ(co_await stream.read_line(), "192.0.2.1:40000 198.51.100.2:443");
          EXPECT_EQ(co_await stream.read_exactly(5), "hello");
        }
      }
    }
  });
}

TEST(ProxyLayer, WithoutEndsThoseOfTheConnectionHold) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kBehindProxy, tell_ends);
    for (const auto& head : {codec::write_proxy_header_v1({}), codec::write_proxy_header_v2({})}) {
      auto stream = co_await connect(here(port));
      co_await stream.write(head);
      EXPECT_EQ(co_await stream.read_line(), stream.local().str() + " " + port.address().str());
    }
  });
}

TEST(ProxyLayer, CutsWhatIsNoHeader) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kBehindProxy, tell_ends);
    for (const char* wrong : {"GET / HTTP/1.1\r\n", "PROXY TCP4 1.1.1.1\r\n", "\r\n\r\nX"}) {
      auto stream = co_await connect(here(port));
      co_await stream.write(wrong);
      auto end = co_await as_outcome(stream.read_some());
      EXPECT_TRUE(end.error().check<ConnectionLost>()) << wrong;
    }
    auto stream = co_await connect(here(port));
    co_await stream.write("PROXY ");
    stream.shutdown_write();
    EXPECT_EQ(co_await stream.read_some(), std::nullopt) << "it ended before its header";
    while (port.connections() > 0) co_await sleep(1ms);
  });
}

TEST(ProxyLayer, CutsWhoTakesTooLong) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(ListeningSocket::tcp(at("127.0.0.1:0")), tell_ends,
                            {.layers = {proxy_layer({.time_limit = 20ms})}});
    auto stream = co_await connect_tcp(port.address());
    co_await stream.write("PROXY TCP4");
    auto end = co_await as_outcome(stream.read_some());
    EXPECT_TRUE(end.error().check<ConnectionLost>());
    auto quick = co_await connect_tcp(port.address());
    co_await quick.write("PROXY UNKNOWN\r\n");
    EXPECT_TRUE(co_await quick.read_line());
    co_await sleep(40ms);
    co_await quick.write("still");
    EXPECT_EQ(co_await quick.read_exactly(5), "still") << "the limit is the header's";
  });
}

TEST(ProxyLayer, WhatCameWithTheHeaderIsNotForOneThatCloses) {
  static std::string said;
  class Unwilling : public Protocol {
    void connection_made() override { transport().close(); }
    void data_received(std::string_view data) override { said += data; }
  };
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(kBehindProxy, factory<Unwilling>());
    auto stream = co_await connect(here(port));
    co_await stream.write("PROXY UNKNOWN\r\nhello");
    static_cast<void>(co_await as_outcome(stream.read_some()));
  });
  EXPECT_EQ(said, "");
}

TEST(ProxyLayer, ALimitWithoutEndIsNone) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(ListeningSocket::tcp(at("127.0.0.1:0")), tell_ends,
                            {.layers = {proxy_layer({.time_limit = Duration::max()})}});
    auto stream = co_await connect_tcp(port.address());
    co_await sleep(5ms);
    co_await stream.write("PROXY UNKNOWN\r\n");
    EXPECT_TRUE(co_await stream.read_line());
  });
}

TEST(ProxyLayer, MayEndAtAnyMomentOfTheHeader) {
  const std::string head = codec::write_proxy_header_v2(from("192.0.2.1:1", "192.0.2.2:2")) + "x";
  for (std::size_t length = 0; length <= head.size(); ++length) {
    on_reactor([&](this auto) -> Deferred<void> {
      std::optional<Port> port;
      port.emplace(co_await listen(kBehindProxy, tell_ends));
      auto stream = co_await connect(here(*port));
      co_await stream.write(head.substr(0, length));
      co_await sleep(0ms);
      length % 2 ? port.reset() : stream.abort();
      co_await sleep(0ms);
    });
  }
}

// HAProxy in front of `port`: on the descriptor 3 with headers of version 1, on 4 with version 2.
class Haproxy {
 public:
  Haproxy(const ScratchFolder& folder, const Port& port) {
    const std::string config = folder.path + "/haproxy.cfg";
    const std::string to = "  server s " + port.address().str() + " send-proxy";
    std::ofstream(config) << "global\n  maxconn 50\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 10s\n"
                             "  timeout server 10s\n"
                          << "listen one\n  bind fd@3\n" << to << "\n"
                          << "listen two\n  bind fd@4\n" << to << "-v2\n";
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    const UniqueFd first(::fcntl(one.fd(), F_DUPFD_CLOEXEC, 10)), second(::fcntl(two.fd(), F_DUPFD_CLOEXEC, 10));
    ::posix_spawn_file_actions_adddup2(&files, first.get(), 3);
    ::posix_spawn_file_actions_adddup2(&files, second.get(), 4);
    std::string words[] = {"haproxy", "-q", "-db", "-f", config};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), words[4].data(), nullptr};
    if (::posix_spawn(&process_, kProgram, &files, nullptr, arguments, environ) != 0) process_ = 0;
    ::posix_spawn_file_actions_destroy(&files);
  }
  ~Haproxy() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

  static constexpr const char* kProgram = "/usr/sbin/haproxy";
  ListeningSocket one = ListeningSocket::tcp(at("127.0.0.1:0")), two = ListeningSocket::tcp(at("127.0.0.1:0"));

 private:
  pid_t process_ = 0;
};

TEST(ProxyLayer, UnderstandsHaproxy) {
  if (!std::filesystem::exists(Haproxy::kProgram)) GTEST_SKIP() << Haproxy::kProgram << " is not installed";
  on_reactor([]() -> Deferred<void> {
    const ScratchFolder folder;
    auto port = co_await listen(kBehindProxy, tell_ends);
    const Haproxy proxy(folder, port);
    for (const auto* front : {&proxy.one, &proxy.two}) {
      auto stream = co_await connect_tcp(front->address());
      co_await stream.write("through");
      EXPECT_EQ(co_await stream.read_line(), stream.local().str() + " " + front->address().str());
      EXPECT_EQ(co_await stream.read_exactly(7), "through");
    }
  });
}

}  // namespace
}  // namespace torc
