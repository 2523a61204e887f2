#include <torc/async/event.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/task_set.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

namespace torc {
namespace {

TEST(Event, SetLetsAllWhoWaitGoOnInOrder) {
  Event event;
  std::vector<int> order;
  std::vector<Deferred<void>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(event.wait().then([&, i] { order.push_back(i); }));
  EXPECT_EQ(event.waiting(), 3u);
  event.set();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(event.wait().fired());
  event.clear();
  EXPECT_TRUE(event.wait().pending());
}

TEST(Event, AWaiterThatClearsItDoesNotHoldTheOthersBack) {
  Event event;
  auto first = event.wait().then([&] { event.clear(); });
  auto second = event.wait();
  event.set();
  EXPECT_TRUE(second.fired());
  EXPECT_FALSE(event.is_set());
}

TEST(Event, CancelledAndDroppedWaitersLeave) {
  Event event;
  auto cancelled = event.wait();
  std::optional<Deferred<void>> dropped = event.wait();
  auto kept = event.wait();
  cancelled.cancel();
  dropped.reset();
  EXPECT_TRUE(cancelled.take().error().check<Cancelled>());
  EXPECT_EQ(event.waiting(), 1u);
  event.set();
  EXPECT_TRUE(kept.fired());
}

TEST(Event, AWaiterMayDestroyItAndDropTheOthers) {
  auto event = std::make_unique<Event>();
  std::optional<Deferred<void>> other;
  bool ran = false;
  auto first = event->wait().then([&] {
    event.reset();
    other.reset();
  });
  other = event->wait().then([&] { ran = true; });
  event->set();
  EXPECT_EQ(event, nullptr);
  EXPECT_FALSE(ran);
}

TEST(Event, DestroyingItFailsWhoWaits) {
  auto event = std::make_unique<Event>();
  auto waiting = event->wait();
  event.reset();
  EXPECT_TRUE(waiting.take().error().check<BrokenPromise>());
}

TEST(Event, AHundredThousandCoroutinesGoOn) {
  Event event;
  int woken = 0;
  auto body = [](Event& event, int& woken) -> Deferred<void> {
    co_await event.wait();
    ++woken;
  };
  TaskSet tasks;
  for (int i = 0; i < 100'000; ++i) tasks.spawn(body(event, woken));
  event.set();
  EXPECT_EQ(woken, 100'000);
}

}  // namespace
}  // namespace torc
