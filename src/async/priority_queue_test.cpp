#include <torc/async/priority_queue.hpp>

#include <torc/async/coroutine.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

namespace torc {
namespace {

struct Job {
  int priority;
  std::string name;
  bool operator<(const Job& other) const { return priority < other.priority; }
};

TEST(PriorityQueue, GivesTheLeastFirstAndEqualsInOrder) {
  PriorityQueue<Job> queue;
  for (const Job& job : {Job{2, "c"}, Job{1, "a"}, Job{3, "e"}, Job{1, "b"}, Job{2, "d"}}) queue.put(job).value();
  std::string order;
  while (auto job = queue.try_get()) order += job->name;
  EXPECT_EQ(order, "abcde");
}

TEST(PriorityQueue, TakesAnotherOrder) {
  PriorityQueue<int, std::greater<>> queue;
  for (const int n : {1, 3, 2}) queue.put(n).value();
  EXPECT_EQ(queue.get().take().value(), 3);
  EXPECT_EQ(queue.get().take().value(), 2);
}

TEST(PriorityQueue, AValueDroppedUntakenComesBackToItsPlace) {
  PriorityQueue<int> queue;
  std::optional<Deferred<int>> a = queue.get();
  std::optional<Deferred<int>> b = queue.get();
  queue.put(5).value();
  queue.put(3).value();
  for (const int n : {4, 1, 6}) queue.put(n).value();
  a.reset();
  b.reset();
  for (const int n : {1, 3, 4, 5, 6}) EXPECT_EQ(queue.try_get(), n);
}

TEST(PriorityQueue, WaitingPushesComeInByTurnThenByPriority) {
  PriorityQueue<int> queue({.size = 2});
  queue.put(5).value();
  queue.put(4).value();
  auto second = queue.push(9);
  auto first = queue.push(1);
  EXPECT_EQ(queue.try_get(), 4);  // makes room for 9
  EXPECT_TRUE(second.fired());
  EXPECT_TRUE(first.pending());
  EXPECT_EQ(queue.try_get(), 5);
  EXPECT_EQ(queue.try_get(), 1);
  EXPECT_EQ(queue.try_get(), 9);
}

}  // namespace
}  // namespace torc
