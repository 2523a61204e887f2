// What is going on: the operations a scheduler's code has begun and left to an owner, and what each waits for.
//
//   for (const auto& task : torc::Reactor::required("a report").tasks()) std::puts(task.text().c_str());
//
// Only roots are kept in a list: children of task sets and groups, detached work, cooperative tasks, jobs of
// thread pools, fibers that nobody waits for. What they wait for is found when somebody asks (semantics,
// rule 23). One thread.
#pragma once

#include <torc/async/operation.hpp>
#include <torc/base/intrusive_list.hpp>
#include <torc/base/time.hpp>

#include <source_location>
#include <string>
#include <vector>

namespace torc {

/// One pending task.
struct TaskInfo {
  /// "a task of a TaskSet", "a fiber", "a job of pool \"disk\"", ...
  std::string kind;
  /// Where it was begun, and when.
  std::source_location created;
  Instant since;
  /// What it waits for, outermost first. Empty: it is running, or about to.
  std::vector<detail::WaitSite> waits;
  /// When this was asked for: what ages are counted up to.
  Instant asked{};

  /// One line: "a task of a TaskSet from main.cpp:12, 5 s old, waits for co_await at main.cpp:30 for 3 s, sleep".
  std::string text() const;
};

namespace detail {

/// The entry of an operation that has an owner and no waiter, in the list of the scheduler that was current
/// when it began.
class Root : public ListHook {
 public:
  TaskInfo describe() const;
  const Operation* operation() const noexcept { return operation_; }
  const char* kind() const noexcept { return kind_; }
  const std::source_location& created() const noexcept { return created_; }
  Instant since() const noexcept { return since_; }
  /// A fiber that an owner or another task waits for: it is in their entry.
  bool is_told_of_elsewhere() const noexcept { return only_if_alone_ && operation_->waited_for(); }
  /// Leaves the list.
  void unlink() noexcept;

 protected:
  Root(const char* kind, Operation* operation, const std::source_location& created, bool only_if_alone = false) noexcept;
  ~Root() { unlink(); }

 private:
  friend class torc::Scheduler;
  const char* kind_;
  Operation* operation_;
  std::source_location created_;
  Instant since_;
  bool only_if_alone_;
};

/// "main.cpp:12", without the folders.
std::string place(const std::source_location& where);

}  // namespace detail
}  // namespace torc
