#include <torc/async/wait_list.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace torc {
namespace {

TEST(WaitList, ServesFirstComeFirstServedAndForgetsWhoLeaves) {
  detail::WaitList<int> list("a list");
  auto first = list.wait(), cancelled = list.wait(), last = list.wait();
  std::optional<Deferred<int>> dropped = list.wait();
  EXPECT_EQ(list.size(), 4u);
  cancelled.cancel();
  dropped.reset();
  EXPECT_EQ(list.size(), 2u);
  EXPECT_TRUE(cancelled.take().error().check<Cancelled>());
  list.pop()->give(1);
  list.pop()->give(2);
  EXPECT_EQ(list.pop(), nullptr);
  EXPECT_EQ(*first.take(), 1);
  EXPECT_EQ(*last.take(), 2);
}

TEST(WaitList, GivingRunsNobodyBeforeTheNextFiring) {
  detail::WaitList<int> list("a list");
  int got = 0;
  auto waits = list.wait().then([&](int value) { got = value; });
  list.pop()->give(5);
  EXPECT_EQ(got, 0);
  { const detail::Firing firing; }
  EXPECT_EQ(got, 5);
  EXPECT_TRUE(waits.fired());
}

TEST(WaitList, DroppingWhatWasGivenDestroysIt) {
  detail::WaitList<std::shared_ptr<int>> list("a list");
  std::optional waits = list.wait();
  auto value = std::make_shared<int>(1);
  list.pop()->give(std::shared_ptr(value));
  EXPECT_EQ(value.use_count(), 2);
  waits.reset();
  EXPECT_EQ(value.use_count(), 1);
}

TEST(WaitList, ItsEndFailsThoseWhoAreLeft) {
  std::optional<detail::WaitList<int>> list(std::in_place, "the list");
  auto waits = list->wait();
  list.reset();
  const Outcome<int> outcome = waits.take();
  ASSERT_TRUE(outcome.error().check<BrokenPromise>());
  EXPECT_EQ(outcome.error().message(), "the list was destroyed while somebody waited for it");
}

}  // namespace
}  // namespace torc
