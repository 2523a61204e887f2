#include <torc/async/channel.hpp>

#include <torc/async/cancel_scope.hpp>
#include <torc/async/deadline.hpp>
#include <torc/async/fiber.hpp>
#include <torc/async/gather.hpp>
#include <torc/async/race.hpp>
#include <torc/async/stop_token.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/timing.hpp>
#include <torc/testing/clock.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(Channel, ASendWaitsForAReceiveAndTheOtherWayRound) {
  Channel<int> channel;
  auto sent = channel.send(1);
  EXPECT_TRUE(sent.pending());
  EXPECT_EQ(channel.balance(), 1);
  EXPECT_EQ(*channel.receive().take(), 1);
  EXPECT_TRUE(sent.fired());
  auto received = channel.receive();
  EXPECT_EQ(channel.balance(), -1);
  auto second = channel.send(2);
  EXPECT_EQ(*received.take(), 2);
  EXPECT_TRUE(second.fired());
  EXPECT_EQ(channel.balance(), 0);
}

TEST(Channel, ServesBothSidesFirstComeFirstServed) {
  Channel<int> channel;
  auto a = channel.send(1), b = channel.send(2), c = channel.send(3);
  EXPECT_EQ(channel.balance(), 3);
  EXPECT_EQ(*channel.receive().take(), 1);
  EXPECT_EQ(*channel.receive().take(), 2);
  EXPECT_EQ(*channel.receive().take(), 3);
  auto x = channel.receive(), y = channel.receive();
  channel.send(4).detach();
  EXPECT_TRUE(x.fired());
  EXPECT_TRUE(y.pending());
}

TEST(Channel, WithACapacityValuesLieInBetween) {
  Channel<int> channel({.capacity = 2});
  EXPECT_TRUE(channel.send(1).fired());
  EXPECT_TRUE(channel.send(2).fired());
  auto third = channel.send(3);
  EXPECT_TRUE(third.pending());
  EXPECT_EQ(channel.size(), 2u);
  EXPECT_EQ(channel.balance(), 1);
  EXPECT_EQ(*channel.receive().take(), 1);
  EXPECT_TRUE(third.fired());
  EXPECT_EQ(*channel.receive().take(), 2);
  EXPECT_EQ(*channel.receive().take(), 3);
}

std::vector<std::string> meet(ChannelPreference preference, bool receiver_first) {
  testing::Clock clock;
  std::vector<std::string> log;
  Channel<int> channel({.preference = preference});
  TaskSet set;
  const auto receiver = [&] {
    await(channel.receive());
    log.push_back("receiver");
  };
  const auto sender = [&] {
    await(channel.send(1));
    log.push_back("sender");
  };
  // In one firing, so that who does not wait goes on at once.
  set.spawn_fiber([&] {
    if (receiver_first) {
      set.spawn_fiber(receiver);
      set.spawn_fiber(sender);
    } else {
      set.spawn_fiber(sender);
      set.spawn_fiber(receiver);
    }
  });
  return log;
}

TEST(Channel, PreferenceSaysWhoGoesOnFirst) {
  EXPECT_THAT(meet(ChannelPreference::kReceiver, true), ElementsAre("receiver", "sender"));
  EXPECT_THAT(meet(ChannelPreference::kReceiver, false), ElementsAre("receiver", "sender"));
  EXPECT_THAT(meet(ChannelPreference::kSender, true), ElementsAre("sender", "receiver"));
  EXPECT_THAT(meet(ChannelPreference::kSender, false), ElementsAre("sender", "receiver"));
  EXPECT_THAT(meet(ChannelPreference::kNone, true), ElementsAre("sender", "receiver"));
  EXPECT_THAT(meet(ChannelPreference::kNone, false), ElementsAre("receiver", "sender"));
}

TEST(Channel, AFailureTravelsAsAValue) {
  Channel<int> channel;
  auto received = channel.receive();
  channel.send_error(Failure(std::runtime_error("bad news"))).detach();
  EXPECT_TRUE(received.take().error().check<std::runtime_error>());
  auto sent = channel.send_error(Failure(std::runtime_error("more")));
  EXPECT_TRUE(channel.receive().take().error().check<std::runtime_error>());
  EXPECT_TRUE(sent.fired());
}

TEST(Channel, ClosingServesWhoIsThereAndRefusesToWait) {
  Channel<int> channel;
  auto first = channel.send(1);
  channel.close();
  EXPECT_TRUE(channel.closing());
  EXPECT_FALSE(channel.closed());
  EXPECT_TRUE(channel.send(2).take().error().check<ChannelClosed>());
  EXPECT_EQ(*channel.receive().take(), 1);
  EXPECT_TRUE(channel.closed());
  EXPECT_TRUE(channel.receive().take().error().check<ChannelClosed>());
  channel.open();
  EXPECT_TRUE(channel.receive().pending());
}

TEST(Channel, ClosingEndsReceiversThatWait) {
  Channel<int> channel;
  auto received = channel.receive();
  channel.close();
  EXPECT_TRUE(received.take().error().check<ChannelClosed>());
}

TEST(Channel, IsIteratedUntilItCloses) {
  testing::Clock clock;
  Channel<int> channel;
  std::vector<int> got;
  auto consumer = defer_to_fiber([&] {
    while (auto value = await(channel.next())) got.push_back(*value);
  });
  auto producer = [](Channel<int>& channel) -> Deferred<std::size_t> {
    const std::size_t sent = co_await channel.send_all(std::vector{1, 2, 3});
    channel.close();
    co_return sent;
  }(channel);
  clock.turn();
  EXPECT_EQ(*producer.take(), 3u);
  EXPECT_TRUE(consumer.take().has_value());
  EXPECT_THAT(got, ElementsAre(1, 2, 3));
}

TEST(Channel, LeavingTheLineCorrectsTheBalance) {
  Channel<int> channel;
  auto cancelled = channel.send(1);
  std::optional<Deferred<void>> dropped = channel.send(2);
  auto kept = channel.send(3);
  cancelled.cancel();
  dropped.reset();
  EXPECT_EQ(channel.balance(), 1);
  EXPECT_EQ(*channel.receive().take(), 3);
  std::optional<Deferred<int>> receiver = channel.receive();
  receiver.reset();
  EXPECT_EQ(channel.balance(), 0);
  EXPECT_TRUE(cancelled.take().error().check<Cancelled>());
}

TEST(Channel, AValueHandedOverButNotTakenGoesToTheNext) {
  Channel<std::unique_ptr<int>> channel;
  std::optional<Deferred<std::unique_ptr<int>>> first = channel.receive();
  auto second = channel.receive();
  channel.send(std::make_unique<int>(1)).detach();
  first.reset();
  EXPECT_EQ(**second.take(), 1);
  std::optional<Deferred<std::unique_ptr<int>>> third = channel.receive();
  channel.send(std::make_unique<int>(2)).detach();
  third.reset();
  EXPECT_EQ(channel.size(), 1u);
  auto later = channel.send(std::make_unique<int>(3));
  EXPECT_EQ(**channel.receive().take(), 2);
  EXPECT_EQ(**channel.receive().take(), 3);
}

TEST(Channel, ValuesNotTakenComeBackInTheirOrder) {
  Channel<int> channel;
  {
    auto first = channel.receive();
    auto second = channel.receive();
    channel.send(1).detach();
    channel.send(2).detach();
  }  // the second is dropped first
  EXPECT_EQ(*channel.receive().take(), 1);
  EXPECT_EQ(*channel.receive().take(), 2);
}

TEST(Channel, SendersMoveUpWhenAValueThatCameBackIsTaken) {
  Channel<int> channel({.capacity = 1});
  std::optional<Deferred<int>> dropped = channel.receive();
  channel.send(1).detach();
  dropped.reset();
  auto waiting = channel.send(2);
  EXPECT_TRUE(waiting.pending());
  EXPECT_EQ(*channel.receive().take(), 1);
  EXPECT_TRUE(waiting.fired());
  auto later = channel.send(3);
  EXPECT_EQ(*channel.receive().take(), 2);
  EXPECT_EQ(*channel.receive().take(), 3);
}

// Who receives until his budget is spent, and is dropped where he waits for his turn.
template <class Receive>
void expect_nothing_lost_with(Receive receive) {
  testing::Clock clock;
  Channel<int> channel({.capacity = 1000});
  for (int i = 0; i < 1000; ++i) channel.send(i).detach();
  int taken = 0;
  {
    auto taker = [](Channel<int>& channel, int& taken, Receive receive) -> Deferred<void> {
      for (;;) {
        EXPECT_EQ(co_await receive(channel), taken);
        ++taken;
      }
    }(channel, taken, receive);
    clock.turn();
  }
  EXPECT_LT(taken, 1000);
  EXPECT_EQ(*channel.receive().take(), taken);
}

TEST(Channel, AValueForOneWhoseBudgetIsSpentIsNotLostWithHim) {
  expect_nothing_lost_with([](Channel<int>& channel) { return channel.receive(); });
  expect_nothing_lost_with([](Channel<int>& channel) { return channel.next(); });
  expect_nothing_lost_with([](Channel<int>& channel) { return with_timeout(1s, channel.receive()); });
}

// Values that somebody around the receive has, and drops untaken.
class ChannelWrapped : public ::testing::Test {
 protected:
  using Wrap = std::function<Deferred<int>(Deferred<int>)>;

  // Sends to a receive inside `wrap` which is dropped in the same firing.
  void expect_return_from(const Wrap& wrap) {
    auto untaken = std::make_optional(wrap(channel.receive()));
    channel.send(7).detach();
    EXPECT_TRUE(untaken->fired());
    EXPECT_EQ(channel.size(), 0u);
    untaken.reset();
    ASSERT_EQ(channel.size(), 1u);
    EXPECT_EQ(*channel.receive().take(), 7);
    // Taken, it stays so; and it may outlive the channel.
    auto taken = wrap(channel.receive());
    channel.send(8).detach();
    EXPECT_EQ(*taken.take(), 8);
    EXPECT_EQ(channel.size(), 0u);
    auto other = std::make_unique<Channel<int>>();
    auto outlives = std::make_optional(wrap(other->receive()));
    other->send(9).detach();
    other.reset();
    outlives.reset();
  }

  testing::Clock clock;
  Channel<int> channel;
};

TEST_F(ChannelWrapped, ATimeLimitGivesBackWhatNobodyTook) {
  expect_return_from([](Deferred<int> result) { return with_timeout(1s, std::move(result)); });
  expect_return_from([](Deferred<int> result) { return shield(1s, std::move(result)); });
}

TEST_F(ChannelWrapped, ADeadlineGivesBackWhatNobodyTook) {
  const ContextScope scope(detail::context_with_deadline(1s));
  expect_return_from([](Deferred<int> result) { return detail::under_deadline(std::move(result)); });
}

TEST_F(ChannelWrapped, AScopeAndAStopTokenGiveBackWhatNobodyTook) {
  CancelScope scope;
  expect_return_from([&](Deferred<int> result) { return scope.wrap(std::move(result)); });
  std::stop_source source;
  expect_return_from([&](Deferred<int> result) { return with_stop_token(source.get_token(), std::move(result)); });
}

TEST_F(ChannelWrapped, AThousandLayersGiveBackWhatNobodyTook) {
  CancelScope scope;
  expect_return_from([&](Deferred<int> result) {
    for (int i = 0; i < 1000; ++i) result = scope.wrap(std::move(result));
    return result;
  });
}

TEST_F(ChannelWrapped, NextGivesBackWhatNobodyTookAlsoInsideATimeLimit) {
  auto untaken = std::make_optional(channel.next());
  channel.send(1).detach();
  untaken.reset();
  EXPECT_EQ(*channel.receive().take(), 1);
  untaken.emplace(with_timeout(1s, channel.next()));
  channel.send(2).detach();
  untaken.reset();
  EXPECT_EQ(*channel.receive().take(), 2);
  auto taken = with_timeout(1s, channel.next());
  channel.send(3).detach();
  EXPECT_EQ(**taken.take(), 3);
  auto none = channel.next();
  channel.close();
  EXPECT_FALSE(none.take()->has_value());
}

TEST_F(ChannelWrapped, ThoseWhoDidNotWinARaceGiveBackTheirValues) {
  Channel<int> other;
  std::vector<Deferred<int>> both;
  both.push_back(channel.receive());
  both.push_back(other.receive());
  auto first = race(std::move(both));
  {
    const detail::Firing firing;  // both have theirs before anybody is told
    channel.send(1).detach();
    other.send(2).detach();
  }
  EXPECT_EQ(*first.take(), 1);
  EXPECT_EQ(*other.receive().take(), 2);
}

TEST_F(ChannelWrapped, AGatherThatIsDroppedGivesBackWhatItHas) {
  Channel<int> other;
  {
    auto both = gather(channel.receive(), other.receive());
    channel.send(1).detach();
    EXPECT_TRUE(both.pending());
  }
  EXPECT_EQ(*channel.receive().take(), 1);
}

TEST(Channel, DestroyingItFailsThoseWhoWaitAndFreesWhatCameBack) {
  Deferred<void> sent = succeed();
  {
    Channel<std::unique_ptr<int>> channel;
    std::optional<Deferred<std::unique_ptr<int>>> dropped = channel.receive();
    channel.send(std::make_unique<int>(1)).detach();
    dropped.reset();
    sent = channel.send(std::make_unique<int>(2));
  }
  { const detail::Firing firing; }  // delivers what the destructor gave
  EXPECT_TRUE(sent.take().error().check<BrokenPromise>());
}

TEST(Channel, SendingManyEndsWithTheChannel) {
  testing::Clock clock;
  auto channel = std::make_unique<Channel<int>>();
  auto sent = channel->send_all(std::vector{1, 2, 3});
  auto received = [](std::unique_ptr<Channel<int>>& channel) -> Deferred<int> {
    const int value = co_await channel->receive();
    channel.reset();
    co_return value;
  }(channel);
  clock.turn();
  EXPECT_EQ(*received.take(), 1);
  EXPECT_TRUE(sent.take().error().check<BrokenPromise>());
}

TEST(Channel, FibersThatAreDroppedAtAChannelLeaveIt) {
  testing::Clock clock;
  Channel<int> channel;
  {
    TaskGroup group;
    group.spawn_fiber([&] { await(channel.receive()); });
    group.spawn_fiber([&] { await(channel.receive()); });
    EXPECT_EQ(channel.balance(), -2);
  }
  EXPECT_EQ(channel.balance(), 0);
}

TEST(Channel, TenThousandRendezvous) {
  testing::Clock clock;
  Channel<int> channel;
  long sum = 0;
  auto consumer = defer_to_fiber([&] {
    for (int i = 0; i < 10'000; ++i) sum += await(channel.receive());
  });
  auto producer = defer_to_fiber([&] {
    for (int i = 0; i < 10'000; ++i) await(channel.send(i));
  });
  for (int i = 0; i < 1000 && consumer.pending(); ++i) clock.turn();
  EXPECT_TRUE(consumer.fired());
  EXPECT_EQ(sum, 49'995'000);
}

}  // namespace
}  // namespace torc
