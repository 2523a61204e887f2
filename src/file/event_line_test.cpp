#include "file/event_line.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace torc::file {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow{1s};

Event event(Change change, std::string path) { return {.change = change, .path = std::move(path)}; }

// What can be taken, by kind and path.
std::string taken(EventLine& line) {
  std::string all;
  while (const auto each = line.take()) all += std::string(to_string(each->change)) + ' ' + each->from + each->path + "; ";
  return all;
}

TEST(EventLine, AHalfHoldsUpWhatIsBehindIt) {
  EventLine line(10, "root");
  line.add(event(Change::kCreated, "1"), 0);
  line.add_half(event(Change::kMovedOut, "a"), 7, kNow, 0);
  line.add_half(event(Change::kMovedOut, "b"), 8, kNow + 5ms, 0);
  line.add(event(Change::kCreated, "a"), 0);
  EXPECT_EQ(taken(line), "created 1; ");
  EXPECT_EQ(line.first_half(), kNow);
  EXPECT_FALSE(line.join(9, "x"));
  EXPECT_FALSE(line.join(0, "x"));
  EXPECT_TRUE(line.join(8, "c"));
  EXPECT_EQ(taken(line), "");
  line.close_halves(kNow - 1ms);
  EXPECT_EQ(taken(line), "");
  line.close_halves(kNow);
  EXPECT_EQ(taken(line), "moved out a; renamed bc; created a; ");
  EXPECT_FALSE(line.first_half());
  EXPECT_FALSE(line.join(7, "late"));
}

TEST(EventLine, AtItsLimitItSaysSoAndTakesNothingUntilAllIsTaken) {
  EventLine line(3, "root");
  line.add(event(Change::kCreated, "2"), 1);  // one more waits elsewhere
  line.add(event(Change::kCreated, "3"), 1);
  line.add(event(Change::kCreated, "lost"), 1);
  line.add_half(event(Change::kMovedOut, "lost"), 7, kNow, 1);
  EXPECT_FALSE(line.join(7, "x"));
  EXPECT_EQ(taken(line), "created 2; created 3; overflow root; ");
  line.add(event(Change::kCreated, "lost"), 4);
  EXPECT_EQ(taken(line), "");
  line.add(event(Change::kGone, "root"), 4);
  line.add(event(Change::kCreated, "new"), 0);
  EXPECT_EQ(taken(line), "gone root; ");
  line.add(event(Change::kCreated, "new"), 0);
  EXPECT_EQ(taken(line), "created new; ");
}

}  // namespace
}  // namespace torc::file
