// What the strings open, both sides.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "net/echo.hpp"
#include "net/on_reactor.hpp"
#include "net/scratch_folder.hpp"
#include "torc/async/coroutine.hpp"
#include "torc/async/task_set.hpp"
#include "torc/endpoint/listen.hpp"
#include "torc/net/descriptor_stream.hpp"

namespace torc {
namespace {

TEST(Endpoints, UnixBothSides) {
  on_reactor([]() -> Deferred<void> {
    const ScratchFolder folder;
    for (const std::string& where : {"unix:" + folder.path + "/s:mode=600", "unix:@torc-" + folder.path}) {
      auto streams = co_await listen(where, echo);
      const std::string name = where.substr(0, where.find(":mode"));
      co_await hears_itself(co_await connect(name));
      EXPECT_FALSE((co_await as_outcome(listen(where, echo))).has_value());
      auto moved = std::move(streams);
      co_await moved.close();
      auto protocols = co_await listen(where, factory<EchoProtocol>());
      co_await hears_itself(co_await connect(name));
    }
  });
}

TEST(Endpoints, TcpByNameAndWithItsOptions) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen("tcp:0:address=127.0.0.1:nodelay=no:keepalive=60:usertimeout=30:fastopen=yes", echo);
    const std::string number = std::to_string(port.address().port());
    co_await hears_itself(co_await connect("tcp:localhost:" + number + ":delay=0.05:keepalive=30"));
    co_await hears_itself(co_await connect("tcp:127.0.0.1:" + number + ":bind=127.0.0.5"));
  });
}

TEST(Endpoints, WhatCannotBeIsAFailureAndNothingIsThrown) {
  on_reactor([]() -> Deferred<void> {
    for (const char* bad : {"", "tcp", "tcp:x", "nothing:x", "unix:", "tls:x:443:endpoint=unix"}) {
      auto refused = connect(bad);
      EXPECT_TRUE((co_await as_outcome(std::move(refused))).error().check<BadEndpoint>()) << bad;
    }
    auto unbound = co_await as_outcome(connect(TcpClientEndpoint{.host = "127.0.0.1", .port = 1, .bind = "eth0"}));
    EXPECT_TRUE(unbound.error().check<BadEndpoint>()) << "a struct is checked as a string is";
    auto endless = co_await as_outcome(connect(UnixClientEndpoint{.path = "/" + std::string(200, 'x')}));
    EXPECT_TRUE(endless.error().check<BadEndpoint>());
    const ScratchFolder folder;
    auto nobody = co_await as_outcome(connect("unix:" + folder.path + "/nobody"));
    EXPECT_TRUE(nobody.error().check<ConnectError>());
    EXPECT_TRUE(nobody.error().message().contains(folder.path + "/nobody")) << nobody.error().message();
  });
}

TEST(Endpoints, ATimeoutNamesWhatWasBeingDone) {
  on_reactor([]() -> Deferred<void> {
    const ScratchFolder folder;
    const auto full = ListeningSocket::unix_socket(folder.socket("s"), {.backlog = 0});  // nobody accepts
    std::vector<Stream> waiting;
    Failure why = Failure(Error("it never filled"));
    for (int i = 0; i < 100; ++i) {
      auto next = co_await as_outcome(connect("unix:" + folder.path + "/s:timeout=0.05"));
      if (!next) {
        why = next.error();
        break;
      }
      waiting.push_back(*std::move(next));
    }
    EXPECT_TRUE(why.check<TimeoutError>()) << why.report();
    EXPECT_TRUE(why.report().contains("connecting to unix:" + folder.path + "/s")) << why.report();
  });
}

TEST(Endpoints, AProgramIsAConnection) {
  on_reactor([]() -> Deferred<void> {
    co_await hears_itself(co_await connect("process:cat"));
    auto words = co_await connect("process:echo:a\\:b:c");
    EXPECT_EQ(co_await words.read_line(), "a:b c");
    auto none = co_await as_outcome(connect("process:/no/such/program"));
    EXPECT_FALSE(none);
  });
}

// Standard input and output are these for as long as it lives.
class StandardFiles {
 public:
  StandardFiles(UniqueFd in, UniqueFd out)
      : in_(::fcntl(0, F_DUPFD_CLOEXEC, 20)), out_(::fcntl(1, F_DUPFD_CLOEXEC, 20)) {
    std::fflush(stdout);
    ::dup2(in.get(), 0);
    ::dup2(out.get(), 1);
  }
  ~StandardFiles() {
    ::dup2(in_.get(), 0);
    ::dup2(out_.get(), 1);
  }

 private:
  UniqueFd in_, out_;
};

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    out = UniqueFd(ends[0]);
    in = UniqueFd(ends[1]);
  }
  UniqueFd in, out;
};

TEST(Endpoints, StandardInputAndOutputAreOneConnection) {
  for (const bool serves : {true, false}) {
    on_reactor([&](this auto) -> Deferred<void> {
      Pipe to, from;
      std::optional<Port> port;
      TaskGroup client;
      {
        const StandardFiles files(std::move(to.out), std::move(from.in));  // until they are taken
        if (serves) {
          port.emplace(co_await listen("stdio:", echo));
        } else {
          client.spawn(echo(co_await connect("stdio:")));
        }
      }
      co_await hears_itself(adopt_pipes(std::move(from.out), std::move(to.in)));
      if (port) co_await port->close();
      co_await client.join();
    });
  }
}

}  // namespace
}  // namespace torc
