#include "reactor/completion_testing.hpp"

namespace torc {
namespace {

using namespace std::chrono_literals;
using namespace completion_testing;

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

}  // namespace
}  // namespace torc
