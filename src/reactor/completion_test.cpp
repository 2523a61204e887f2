#include "reactor/completion.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>
#include <torc/reactor/hosting.hpp>
#include <torc/reactor/reactor.hpp>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;
using detail::Submission;

struct Pair {
  Pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) throw SystemError("socketpair", errno);
    ours = UniqueFd(fds[0]);
    theirs = UniqueFd(fds[1]);
  }
  UniqueFd ours, theirs;
};

struct Receiver final : detail::ReceiveSink {
  std::size_t received(std::span<char> bytes) noexcept override {
    bytes = bytes.first(std::min(bytes.size(), most));
    text.append(bytes.data(), bytes.size());
    ++calls;
    const std::size_t taken = bytes.size();
    if (on_bytes) on_bytes();
    return taken;
  }
  bool received_all() noexcept override {
    if (!takes_end) return false;
    ended = 0;
    if (on_end) on_end();
    return true;
  }
  void receive_failed(int code) noexcept override {
    ended = code;
    if (on_end) on_end();
  }
  std::size_t most = SIZE_MAX;
  bool takes_end = true;
  std::string text;
  int calls = 0;
  std::optional<int> ended;
  std::function<void()> on_bytes, on_end;
};

struct Sender final : detail::SendSink {
  void sent(int code) noexcept override {
    result = code;
    if (on_sent) on_sent();
  }
  std::optional<int> result;
  std::function<void()> on_sent;
};

struct Acceptor final : detail::AcceptSink {
  void accepted(UniqueFd socket) noexcept override {
    sockets.push_back(std::move(socket));
    if (on_socket) on_socket();
  }
  void accept_ended(int code) noexcept override { ended = code; }
  std::vector<UniqueFd> sockets;
  std::optional<int> ended;
  std::function<void()> on_socket;
};

UniqueFd listener(sockaddr_in& address) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket.get(), 64) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw SystemError("listening", errno);
  }
  return socket;
}

UniqueFd client_of(const sockaddr_in& address) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw SystemError("connecting", errno);
  }
  return socket;
}

void write(const UniqueFd& fd, std::string_view text) {
  ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

std::string long_text(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 251);
  return text;
}

class Completion : public testing::Test {
 protected:
  void SetUp() override {
    if (!reactor->completion()) GTEST_SKIP() << "this machine has no io_uring";
  }
  detail::CompletionIo& io() { return *reactor->completion(); }
  void run() {
    auto limit = reactor->call_later(1min, [&] {
      ADD_FAILURE() << "nothing came within a minute";
      reactor->stop();
    });
    reactor->run();
  }
  std::optional<Reactor> reactor{std::in_place, ReactorOptions{.backend = Backend::kUring}};
};

TEST_F(Completion, EpollHasNone) {
  Reactor other{{.backend = Backend::kEpoll}};
  EXPECT_EQ(other.completion(), nullptr);
}

TEST_F(Completion, ReceivesAgainAndAgainUntilThePeerEnds) {
  Pair pair;
  Receiver receiver;
  Submission receive = io().receive(pair.ours.get(), receiver);
  receiver.on_bytes = [&] {
    if (receiver.calls < 5) return write(pair.theirs, "again ");
    ::shutdown(pair.theirs.get(), SHUT_WR);
  };
  receiver.on_end = [&] { reactor->stop(); };
  write(pair.theirs, "first ");
  run();
  EXPECT_EQ(receiver.text, "first again again again again ");
  EXPECT_EQ(receiver.ended, 0);
  receive.reset();
  EXPECT_EQ(io().active(), 0u);
}

TEST_F(Completion, MoreThanAllBuffersHoldArrivesWholeAndInOrder) {
  Pair pair;
  const std::string text = long_text(32 * 1024 * 1024);
  std::thread writer([&] {
    for (std::size_t at = 0; at < text.size();) {
      const auto count = ::write(pair.theirs.get(), text.data() + at, std::min<std::size_t>(text.size() - at, 300'000));
      if (count > 0) {
        at += static_cast<std::size_t>(count);
      } else {
        pollfd room{.fd = pair.theirs.get(), .events = POLLOUT, .revents = 0};
        ::poll(&room, 1, -1);
      }
    }
    ::shutdown(pair.theirs.get(), SHUT_WR);
  });
  Receiver receiver;
  receiver.on_end = [&] { reactor->stop(); };
  Submission receive = io().receive(pair.ours.get(), receiver);
  run();
  writer.join();
  EXPECT_TRUE(receiver.text == text);
}

TEST_F(Completion, ManyReceiversShareTheBuffersAndNoneStarves) {
  constexpr std::size_t kPairs = 300;  // more than there are buffers
  std::vector<Pair> pairs(kPairs);
  std::vector<Receiver> receivers(kPairs);
  std::vector<Submission> submissions;
  std::size_t ended = 0;
  const std::string text = long_text(40'000);
  for (std::size_t i = 0; i < kPairs; ++i) {
    receivers[i].on_end = [&] {
      if (++ended == kPairs) reactor->stop();
    };
    submissions.push_back(io().receive(pairs[i].ours.get(), receivers[i]));
    write(pairs[i].theirs, text);
    ::shutdown(pairs[i].theirs.get(), SHUT_WR);
  }
  run();
  for (const auto& receiver : receivers) EXPECT_TRUE(receiver.text == text);
}

TEST_F(Completion, APausedReceiveTellsNothingAndLosesNothing) {
  Pair pair;
  Receiver receiver;
  Submission receive = io().receive(pair.ours.get(), receiver);
  bool paused = false;
  receiver.on_bytes = [&] {
    EXPECT_FALSE(paused);
    if (receiver.text == "abcdef") return reactor->stop();
    receive.pause();
    paused = true;
    write(pair.theirs, receiver.text == "ab" ? "cd" : "ef");
    reactor->call_later(2ms, [&] {
      paused = false;
      receive.resume();
    }).detach();
  };
  write(pair.theirs, "ab");
  run();
  EXPECT_EQ(receiver.text, "abcdef");
}

TEST_F(Completion, PausingAndResumingAtEveryCallKeepsTheOrder) {
  Pair pair;
  const std::string text = long_text(2 * 1024 * 1024);
  std::thread writer([&] {
    for (std::size_t at = 0; at < text.size();) {
      const auto count = ::write(pair.theirs.get(), text.data() + at, std::min<std::size_t>(text.size() - at, 5'000));
      if (count > 0) {
        at += static_cast<std::size_t>(count);
      } else {
        pollfd room{.fd = pair.theirs.get(), .events = POLLOUT, .revents = 0};
        ::poll(&room, 1, -1);
      }
    }
    ::shutdown(pair.theirs.get(), SHUT_WR);
  });
  Receiver receiver;
  Submission receive = io().receive(pair.ours.get(), receiver);
  receiver.on_bytes = [&] {
    receive.pause();
    switch (receiver.calls % 3) {
      case 0:
        return receive.resume();
      case 1:
        return reactor->call_when_running([&] { receive.resume(); });
      default:
        reactor->call_when_running([&] { reactor->call_when_running([&] { receive.resume(); }); });
    }
  };
  receiver.on_end = [&] { reactor->stop(); };
  run();
  writer.join();
  EXPECT_TRUE(receiver.text == text);
}

TEST_F(Completion, WhatTheSinkDoesNotTakeComesAgain) {
  Pair pair;
  Receiver receiver;
  receiver.most = 3;
  Submission receive = io().receive(pair.ours.get(), receiver);
  receiver.on_bytes = [&] {
    receiver.takes_end = receiver.calls > 2;
    reactor->call_when_running([&] { receive.resume(); });
  };
  receiver.on_end = [&] { reactor->stop(); };
  write(pair.theirs, "abcdefgh");
  ::shutdown(pair.theirs.get(), SHUT_WR);
  run();
  EXPECT_EQ(receiver.text, "abcdefgh");
  EXPECT_EQ(receiver.calls, 3);
}

TEST_F(Completion, AnEndThatWasNotHeardComesAgain) {
  Pair pair;
  Receiver receiver;
  receiver.takes_end = false;
  Submission receive = io().receive(pair.ours.get(), receiver);
  ::shutdown(pair.theirs.get(), SHUT_WR);
  reactor->call_later(2ms, [&] {
    EXPECT_FALSE(receiver.ended);
    receiver.takes_end = true;
    receive.resume();
  }).detach();
  receiver.on_end = [&] { reactor->stop(); };
  run();
  EXPECT_EQ(receiver.ended, 0);
}

// A connection that is broken by its peer: while nothing is read, with bytes that are kept; and after the peer's end.
class CompletionBroken : public Completion {
 protected:
  void SetUp() override {
    Completion::SetUp();
    sockaddr_in address;
    const UniqueFd socket = listener(address);
    theirs = client_of(address);
    ours = UniqueFd(::accept4(socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    receiver.on_end = [this] {
      if (receiver.ended != 0) reactor->stop();
    };
  }
  void break_it() {
    const linger cut{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(theirs.get(), SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
    theirs.reset();
  }
  UniqueFd ours, theirs;
  Receiver receiver;
};

TEST_F(CompletionBroken, IsToldWhilePaused) {
  receiver.most = 0;
  Submission receive = io().receive(ours.get(), receiver);
  write(theirs, "kept");
  reactor->call_later(2ms, [&] { break_it(); }).detach();
  run();
  EXPECT_EQ(receiver.ended, ECONNRESET);
  EXPECT_EQ(receiver.text, "");
  EXPECT_FALSE(receive.active());
}

TEST_F(CompletionBroken, IsToldAfterThePeersEnd) {
  Submission receive = io().receive(ours.get(), receiver);
  ::shutdown(theirs.get(), SHUT_WR);
  reactor->call_later(2ms, [&] {
    EXPECT_EQ(receiver.ended, 0);
    break_it();
  }).detach();
  run();
  EXPECT_EQ(receiver.ended, EPIPE);  // what the kernel makes of it then
}

TEST_F(CompletionBroken, IsToldBehindWhatThePeerSaid) {
  Submission receive = io().receive(ours.get(), receiver);
  write(theirs, "last words");
  break_it();
  run();
  EXPECT_EQ(receiver.text, "last words");
  EXPECT_EQ(receiver.ended, ECONNRESET);
}

TEST_F(Completion, FinishingAReceiveGivesWhatWasNotToldAndLeavesTheRest) {
  Pair pair;
  Receiver receiver;
  receiver.most = 2;
  Submission receive = io().receive(pair.ours.get(), receiver);
  std::string untold;
  receiver.on_bytes = [&] {
    reactor->call_when_running([&] {
      write(pair.theirs, "de");
      untold = receive.finish();
      write(pair.theirs, "fg");
      reactor->stop();
    });
  };
  write(pair.theirs, "abc");
  run();
  char rest[8];
  const auto count = ::read(pair.ours.get(), rest, sizeof rest);
  ASSERT_GE(count, 0);
  EXPECT_EQ(receiver.text + untold + std::string(rest, static_cast<std::size_t>(count)), "abcdefg");
  EXPECT_EQ(io().active(), 0u);
}

TEST_F(Completion, FinishingAnAcceptTellsOfThoseWhoHaveCome) {
  sockaddr_in address;
  UniqueFd socket = listener(address);
  Acceptor acceptor;
  Submission accept = io().accept(socket.get(), acceptor);
  std::vector<UniqueFd> clients;
  reactor->call_when_running([&] {
    reactor->call_when_running([&] {
      for (int i = 0; i < 3; ++i) clients.push_back(client_of(address));
      accept.finish();
      reactor->stop();
    });
  });
  run();
  std::size_t waiting = 0;
  while (UniqueFd(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK))) ++waiting;
  EXPECT_EQ(acceptor.sockets.size() + waiting, 3u);
  EXPECT_FALSE(accept.active());
}

TEST_F(Completion, WhatWasDroppedTouchesNoDescriptorThatHasItsNumberNext) {
  Pair pair, other;
  Receiver receiver;
  write(other.theirs, "for another");
  reactor->call_when_running([&] {
    Submission receive = io().receive(pair.ours.get(), receiver);
    receive.reset();
    ASSERT_EQ(::dup2(other.ours.get(), pair.ours.get()), pair.ours.get());
    reactor->call_later(2ms, [&] { reactor->stop(); }).detach();
  });
  run();
  char text[16];
  EXPECT_EQ(::read(other.ours.get(), text, sizeof text), 11);
}

TEST_F(Completion, SendsAllHoweverSlowlyThePeerReads) {
  Pair pair;
  const std::string text = long_text(8 * 1024 * 1024);
  Sender sender;
  Submission send = io().send(pair.ours.get(), Bytes(text), sender);
  sender.on_sent = [&] { ::shutdown(pair.ours.get(), SHUT_WR); };
  Receiver receiver;
  Submission receive = io().receive(pair.theirs.get(), receiver);
  receiver.on_end = [&] { reactor->stop(); };
  run();
  EXPECT_EQ(sender.result, 0);
  EXPECT_TRUE(receiver.text == text);
  EXPECT_FALSE(send.active());
}

TEST_F(Completion, ASendToAPeerThatIsGoneSaysSo) {
  Pair pair;
  pair.theirs.reset();
  Sender sender;
  Submission send = io().send(pair.ours.get(), Bytes("lost"), sender);
  sender.on_sent = [&] { reactor->stop(); };
  run();
  EXPECT_EQ(sender.result, EPIPE);
}

TEST_F(Completion, AcceptsAgainAndAgainAndLetsGoOfTheAddressAtOnce) {
  sockaddr_in address;
  UniqueFd socket = listener(address);
  Acceptor acceptor;
  Submission accept = io().accept(socket.get(), acceptor);
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(client_of(address));
  bool bound_again = false;
  acceptor.on_socket = [&] {
    if (acceptor.sockets.size() < 10) return;
    accept.reset();
    socket.reset();
    UniqueFd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(other.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bound_again = ::bind(other.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && ::listen(other.get(), 1) == 0;
    reactor->stop();
  };
  run();
  EXPECT_EQ(acceptor.sockets.size(), 10u);
  EXPECT_TRUE(bound_again);
  EXPECT_FALSE(acceptor.ended);
}

TEST_F(Completion, AcceptingOnWhatDoesNotListenEndsWithTheReason) {
  Pair pair;
  Acceptor acceptor;
  Submission accept = io().accept(pair.ours.get(), acceptor);
  auto stop = reactor->call_later(5ms, [&] { reactor->stop(); });
  run();
  EXPECT_TRUE(acceptor.ended);
  EXPECT_FALSE(accept.active());
}

TEST_F(Completion, OfMoreCompletionsThanTheQueueHoldsNoneIsLost) {
  constexpr std::size_t kPairs = 60, kSends = 6000;  // the queue holds 4096
  std::vector<Pair> pairs(kPairs);
  std::vector<Sender> senders(kSends);
  std::vector<Submission> submissions;
  std::size_t sent = 0;
  reactor->call_when_running([&] {
    for (std::size_t i = 0; i < kSends; ++i) {
      senders[i].on_sent = [&] {
        if (++sent == kSends) reactor->stop();
      };
      submissions.push_back(io().send(pairs[i % kPairs].ours.get(), Bytes("x"), senders[i]));
    }
  });
  run();
  for (const auto& sender : senders) EXPECT_EQ(sender.result, 0);
}

TEST_F(Completion, GoesOnWhenTheReactorRunsAgainOnAnotherThread) {
  Pair pair;
  Receiver receiver;
  Submission receive = io().receive(pair.ours.get(), receiver);
  receiver.on_bytes = [&] { reactor->crash(); };
  write(pair.theirs, "a");
  run();
  write(pair.theirs, "b");
  std::thread([&] { run(); }).join();
  receive.pause();
  write(pair.theirs, "c");
  reactor->call_later(2ms, [&] { reactor->crash(); }).detach();
  run();
  EXPECT_EQ(receiver.text, "ab");
  receive.resume();
  run();
  EXPECT_EQ(receiver.text, "abc");
}

TEST_F(Completion, WorksInsideAnotherLoop) {
  Pair pair;
  Receiver receiver;
  Hosting hosting(*reactor);
  // Begun by code of the host, between two dispatches.
  Submission receive = io().receive(pair.ours.get(), receiver);
  Sender sender;
  Submission send = io().send(pair.theirs.get(), Bytes("through the host"), sender);
  for (int rounds = 0; receiver.text.empty() && rounds < 100; ++rounds) {
    pollfd readable{.fd = hosting.fd(), .events = POLLIN, .revents = 0};
    const int found = ::poll(&readable, 1, 10'000);
    ASSERT_TRUE(found == 1 || errno == EINTR);
    hosting.dispatch();
  }
  EXPECT_EQ(receiver.text, "through the host");
}

// One of each in flight, dropped after so many turns; nothing may be told afterwards.
class CompletionDropped : public Completion, public testing::WithParamInterface<int> {};

TEST_P(CompletionDropped, AtThisStep) {
  if (!reactor->completion()) return;
  sockaddr_in address;
  UniqueFd socket = listener(address);
  struct Everything {
    Pair pair, full;
    Acceptor acceptor;
    Receiver receiver;
    Sender sender, stuck;
    Submission accept, receive, send, stuck_send;
  };
  auto all = std::make_unique<Everything>();
  int turns = 0;
  UniqueFd client;
  std::function<void()> step = [&] {
    if (turns++ == GetParam()) {
      all.reset();
      EXPECT_EQ(io().active(), 0u);
    }
    if (turns == 1) client = client_of(address);
    if (all) write(all->pair.theirs, "step");
    if (turns < 12) return reactor->call_when_running(step);
    reactor->stop();
  };
  all->receive = io().receive(all->pair.ours.get(), all->receiver);
  all->accept = io().accept(socket.get(), all->acceptor);
  all->send = io().send(all->pair.ours.get(), Bytes("hello"), all->sender);
  all->stuck_send = io().send(all->full.ours.get(), Bytes(long_text(4 * 1024 * 1024)), all->stuck);
  reactor->call_when_running(step);
  run();
}

TEST_P(CompletionDropped, WithItsReactor) {
  if (!reactor->completion()) return;
  Pair pair, full;
  Receiver receiver;
  Sender stuck;
  Submission receive = io().receive(pair.ours.get(), receiver);
  Submission send = io().send(full.ours.get(), Bytes(long_text(4 * 1024 * 1024)), stuck);
  int turns = 0;
  std::function<void()> step = [&] {
    write(pair.theirs, "step");
    if (turns++ == GetParam()) return reactor->crash();
    reactor->call_when_running(step);
  };
  reactor->call_when_running(step);
  run();
  const std::string before = receiver.text;
  reactor.reset();
  EXPECT_FALSE(receive.active());
  EXPECT_EQ(receiver.text, before);
  EXPECT_FALSE(stuck.result);
}

TEST_P(CompletionDropped, InItsOwnCall) {
  if (!reactor->completion()) return;
  Pair pair;
  auto receiver = std::make_unique<Receiver>();
  Submission receive = io().receive(pair.ours.get(), *receiver);
  receiver->on_bytes = [&] {
    if (receiver->calls <= GetParam()) return write(pair.theirs, "more");
    const auto alive = std::move(receiver->on_bytes);
    receive.reset();
    receiver.reset();
    reactor->stop();
  };
  write(pair.theirs, "first");
  run();
  EXPECT_FALSE(receiver);
}

INSTANTIATE_TEST_SUITE_P(Step, CompletionDropped, testing::Range(0, 8));

}  // namespace
}  // namespace torc
