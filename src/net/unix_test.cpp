// UNIX sockets: names and their locks, and connecting. (Descriptors: descriptor_passing_test.cpp)
#include <torc/net/connect.hpp>

#include "net/echo.hpp"
#include "net/on_reactor.hpp"
#include "net/scratch_folder.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/net/errors.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

namespace torc {
namespace {

using namespace std::chrono_literals;

std::string refusal(const SocketAddress& address, const UnixListenOptions& options = {}) {
  try {
    const auto socket = ListeningSocket::unix_socket(address, options);
    return "accepted";
  } catch (const CannotListen& error) {
    return error.what();
  }
}

bool exists(std::string_view path) { return ::access(std::string(path).c_str(), F_OK) == 0; }

TEST(UnixSocket, EchoesUnderAPathAndAnAbstractName) {
  on_reactor([]() -> Deferred<void> {
    const ScratchFolder folder;
    for (const auto& address : {folder.socket("s"), *SocketAddress::unix_abstract("torc-test-" + folder.path)}) {
      auto port = Port::serve(ListeningSocket::unix_socket(address), echo);
      EXPECT_EQ(port.address(), address);
      auto stream = co_await connect_unix(address);
      EXPECT_EQ(stream.peer(), address);
      co_await stream.write("hello");
      EXPECT_EQ(co_await stream.read_exactly(5), "hello");
      const auto peer = stream.peer_credentials();
      EXPECT_EQ(peer, (PeerCredentials{.pid = ::getpid(), .uid = ::getuid(), .gid = ::getgid()}));
    }
  });
}

TEST(UnixSocket, AConnectionOverTcpHasNoCredentials) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(ListeningSocket::tcp(SocketAddress(IpAddress::loopback_v4(), 0)), echo);
    auto stream = co_await connect_tcp(port.address());
    EXPECT_EQ(stream.peer_credentials(), std::nullopt);
  });
}

TEST(UnixSocket, HasThePermissionsAskedForAndRemovesItsNames) {
  const ScratchFolder folder;
  const auto address = folder.socket("s");
  {
    const auto socket = ListeningSocket::unix_socket(address, {.mode = 0620});
    struct stat found{};
    ASSERT_EQ(::stat(std::string(address.path()).c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0620u);
    EXPECT_TRUE(exists(std::string(address.path()) + ".lock"));
  }
  EXPECT_FALSE(exists(address.path()));
  EXPECT_FALSE(exists(std::string(address.path()) + ".lock"));
}

TEST(UnixSocket, ALivingOneIsNotTakenOver) {
  const ScratchFolder folder;
  const auto address = folder.socket("s");
  const std::string taken =
      "cannot listen on " + address.str() + ": another process listens there (stop it, or choose another name)";
  {
    const auto first = ListeningSocket::unix_socket(address);
    EXPECT_EQ(refusal(address), taken) << "by its lock";
  }
  const auto first = ListeningSocket::unix_socket(address, {.lock = false});
  EXPECT_EQ(refusal(address), taken) << "by connecting to it";
  EXPECT_EQ(refusal(address, {.lock = false}), "cannot listen on " + address.str() +
                                                   ": Address already in use (stop the program that listens there, "
                                                   "or choose another name)");
}

TEST(UnixSocket, WhatAKilledProcessLeftIsTakenOver) {
  const ScratchFolder folder;
  const auto address = folder.socket("s");
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const UniqueFd in(ready[0]), out(ready[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto socket = ListeningSocket::unix_socket(address);
    static_cast<void>(!::write(out.get(), "!", 1));
    for (;;) ::pause();
  }
  char byte;
  ASSERT_EQ(::read(in.get(), &byte, 1), 1);
  EXPECT_NE(refusal(address), "accepted");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(exists(address.path())) << "killed, it left its socket";
  EXPECT_EQ(refusal(address, {.lock = false}).find("accepted"), std::string::npos);
  EXPECT_EQ(refusal(address), "accepted");
  EXPECT_FALSE(exists(address.path()));
}

TEST(UnixSocket, RemovesNothingThatIsNotItsOwn) {
  const ScratchFolder folder;
  const auto address = folder.socket("s");
  const std::string path(address.path());
  std::ofstream(path) << "precious";
  EXPECT_EQ(refusal(address), "cannot listen on " + address.str() +
                                  ": something is there that is no socket (move it, or choose another name)");
  EXPECT_TRUE(exists(path));
  ::unlink(path.c_str());
  {
    const auto socket = ListeningSocket::unix_socket(address);
    ::unlink(path.c_str());
    std::ofstream(path) << "of somebody else";
  }
  EXPECT_TRUE(exists(path));
  ::unlink(path.c_str());
  auto given = ListeningSocket::unix_socket(address);
  const auto descriptor = std::move(given).release();
  EXPECT_TRUE(exists(path)) << "given away, the name stays";
}

TEST(UnixSocket, SaysWhatIsWrongWithAFolder) {
  const ScratchFolder folder;
  const auto address = folder.socket("missing/s");
  EXPECT_EQ(refusal(address),
            "cannot listen on " + address.str() + ": No such file or directory (the folder must be there)");
}

TEST(UnixSocket, ConnectingToNobodyIsExplained) {
  on_reactor([]() -> Deferred<void> {
    const ScratchFolder folder;
    const auto address = folder.socket("s");
    auto none = co_await as_outcome(connect_unix(address));
    EXPECT_EQ(none.error().message(), "cannot connect to " + address.str() +
                                          ": No such file or directory (is the server running, and is this its socket?)");
    { const auto left = std::move(*std::make_unique<ListeningSocket>(ListeningSocket::unix_socket(address))).release(); }
    auto dead = co_await as_outcome(connect_unix(address));
    EXPECT_TRUE(dead.error().check<ConnectError>()) << dead.error().message();
    EXPECT_TRUE(dead.error().message().ends_with("(nobody listens there any more)")) << dead.error().message();
  });
}

TEST(UnixSocket, AFullQueueIsWaitedFor) {
  on_reactor([]() -> Deferred<void> {
    const ScratchFolder folder;
    const auto address = folder.socket("s");
    auto socket = ListeningSocket::unix_socket(address, {.backlog = 0});
    std::vector<Stream> inside;
    Deferred<Stream> waiting = connect_unix(address);
    while (!waiting.pending()) {
      inside.push_back(co_await std::move(waiting));
      waiting = connect_unix(address);
    }
    {
      auto dropped = connect_unix(address);
      EXPECT_TRUE(dropped.pending());
    }
    auto cancelled = connect_unix(address);
    cancelled.cancel();
    EXPECT_TRUE(cancelled.take().error().check<Cancelled>());
    auto port = Port::serve(std::move(socket), echo);
    auto stream = co_await std::move(waiting);
    co_await stream.write("in");
    EXPECT_EQ(co_await stream.read_exactly(2), "in");
  });
}

}  // namespace
}  // namespace torc
