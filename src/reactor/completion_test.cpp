#include "reactor/completion_testing.hpp"

namespace torc {
namespace {

using namespace std::chrono_literals;
using namespace completion_testing;

TEST_F(Completion, EpollHasNone) {
  Reactor other{{.backend = Backend::kEpoll}};
  EXPECT_EQ(other.completion(), nullptr);
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
