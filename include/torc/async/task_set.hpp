// TaskSet and TaskGroup: owners of many operations (semantics, rule 8).
//
//   TaskSet   independent children; each failure goes to a handler. What servers use.
//   TaskGroup children that fail together: the first failure cancels the others, and those that come later, until
//             a join() has told of it.
//
// There is no spawning without an owner. Destroying either drops its children synchronously; to let
// them end by themselves, `co_await join()`; to cancel them and wait, `co_await cancel()`.
#pragma once

#include <torc/async/deadline.hpp>
#include <torc/async/promise.hpp>
#include <torc/base/intrusive_list.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <vector>

namespace torc {

namespace detail {

/// The part TaskSet and TaskGroup share: children, and who waits until there is none.
class TaskOwner {
 public:
  TaskOwner(const TaskOwner&) = delete;
  TaskOwner& operator=(const TaskOwner&) = delete;

  /// Children that have not ended.
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// Owns `task` until it ends; its value is discarded. `where` is for reports.
  template <class T>
  void spawn(Deferred<T> task, std::source_location where = std::source_location::current()) {
    if (failing_) task.cancel();
    if (!task.pending()) {
      if (auto outcome = task.take(); !outcome) child_failed(std::move(outcome).error());
      return;
    }
    add(detail::under_deadline(std::move(task)).release_operation(), where);
  }

  /// Runs `f()` in a fiber and owns that. (torc/async/fiber.hpp)
  template <class F>
  void spawn_fiber(F f, std::source_location where = std::source_location::current());

  /// Waits until no child is left, those spawned meanwhile included. A TaskGroup's fails with the first failure, to
  /// which later ones are attached.
  Deferred<void> join() { return when_empty(); }
  /// Cancels the children there are and waits until none is left. A TaskGroup's fails only if one failed otherwise.
  Deferred<void> cancel() {
    cancel_children();
    return when_empty();
  }

 protected:
  explicit TaskOwner(const char* kind) noexcept : kind_(kind) {}
  ~TaskOwner();
  void add(Operation* operation, const std::source_location& where);
  void cancel_children() noexcept;
  void drop_children() noexcept;
  /// Fires when no child is left; at once when there is none.
  Deferred<void> when_empty();

 private:
  struct Place;
  struct Child;
  virtual void child_failed(Failure failure) noexcept = 0;
  virtual void tell_waiters() noexcept;

  IntrusiveList<Place> children_;
  const char* kind_;  // what a child is, for reports
  std::size_t size_ = 0;
  bool* gone_ = nullptr;  // told when the owner is destroyed while it calls a handler

 protected:
  std::vector<Promise<void>> waiters_;
  bool failing_ = false;  // children that come are cancelled at once
};

}  // namespace detail

class TaskSet final : public detail::TaskOwner {
 public:
  /// `on_failure` gets each child's failure, except Cancelled; without one they are logged.
  explicit TaskSet(std::move_only_function<void(Failure)> on_failure = nullptr) : TaskOwner("a task of a TaskSet") {
    if (on_failure) on_failure_ = std::make_shared<std::move_only_function<void(Failure)>>(std::move(on_failure));
  }
  ~TaskSet() { drop_children(); }

 private:
  void child_failed(Failure failure) noexcept override;

  std::shared_ptr<std::move_only_function<void(Failure)>> on_failure_;
};

class TaskGroup final : public detail::TaskOwner {
 public:
  TaskGroup() noexcept : TaskOwner("a task of a TaskGroup") {}
  ~TaskGroup();

 private:
  void child_failed(Failure failure) noexcept override;
  void tell_waiters() noexcept override;

  FailureSlot first_;
};

}  // namespace torc
