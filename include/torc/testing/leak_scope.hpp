// LeakScope: a test fails on what it leaves over.
//
//   TEST(Relay, EndsInOrder) {
//     testing::Clock clock;
//     const testing::LeakScope leaks([](const std::string& left) { ADD_FAILURE() << left; });
//     ...
//   }
//
// What counts: tasks of the current scheduler (children of task sets and groups, background work, fibers, jobs; see
// Scheduler::tasks) that began in the scope and are still pending at its end, each named with where it was begun and what
// it waits for, and descriptors that were opened in it. A Deferred that waits for no such task is not seen: its owner has
// it. The scheduler must outlive the scope. One thread: the scheduler's.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace torc::testing {

class [[nodiscard]] LeakScope {
 public:
  /// `report` is called at the end of the scope, once with all that is left over, a line for each; not at all if that
  /// is nothing.
  explicit LeakScope(std::function<void(const std::string& left)> report);
  ~LeakScope();
  LeakScope(const LeakScope&) = delete;
  LeakScope& operator=(const LeakScope&) = delete;

  /// What is left over at this moment.
  std::vector<std::string> left() const;

 private:
  std::function<void(const std::string& left)> report_;
  std::vector<std::string> tasks_, descriptors_;  // that were there before
};

}  // namespace torc::testing
