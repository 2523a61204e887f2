// TaskSet and TaskGroup: owners of many operations (semantics, rule 8).
//
//   TaskSet   independent children; each failure goes to a handler. What servers use.
//   TaskGroup children that fail together: the first failure cancels the others.
//
// There is no spawning without an owner. Destroying either drops its children synchronously; to let
// them end by themselves, `co_await join()`; to cancel them and wait, `co_await cancel()`.
#pragma once

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
  TaskOwner() = default;
  TaskOwner(const TaskOwner&) = delete;
  TaskOwner& operator=(const TaskOwner&) = delete;

  /// Children that have not ended.
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

 protected:
  ~TaskOwner();
  void add(Operation* operation, const char* kind, const std::source_location& where);
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
  std::size_t size_ = 0;
  bool* gone_ = nullptr;  // told when the owner is destroyed while it calls a handler

 protected:
  std::vector<Promise<void>> waiters_;
};

}  // namespace detail

class TaskSet final : public detail::TaskOwner {
 public:
  /// `on_failure` gets each child's failure, except Cancelled; without one they are logged.
  explicit TaskSet(std::move_only_function<void(Failure)> on_failure = nullptr) {
    if (on_failure) on_failure_ = std::make_shared<std::move_only_function<void(Failure)>>(std::move(on_failure));
  }
  ~TaskSet() { drop_children(); }

  /// Owns `task` until it ends; its value is discarded. `where` is for reports.
  template <class T>
  void spawn(Deferred<T> task, std::source_location where = std::source_location::current()) {
    if (!task.pending()) {
      if (auto outcome = task.take(); !outcome) child_failed(std::move(outcome).error());
      return;
    }
    add(task.release_operation(), "a task of a TaskSet", where);
  }

  /// Runs `f()` in a fiber and owns that. (torc/async/fiber.hpp)
  template <class F>
  void spawn_fiber(F f, std::source_location where = std::source_location::current());

  /// Waits until no child is left, those spawned meanwhile included.
  Deferred<void> join() { return when_empty(); }
  /// Cancels the children there are and waits until none is left.
  Deferred<void> cancel() {
    cancel_children();
    return when_empty();
  }

 private:
  void child_failed(Failure failure) noexcept override;

  std::shared_ptr<std::move_only_function<void(Failure)>> on_failure_;
};

class TaskGroup final : public detail::TaskOwner {
 public:
  TaskGroup() = default;
  ~TaskGroup();

  /// Owns `task` until it ends. When it fails, its siblings are cancelled.
  template <class T>
  void spawn(Deferred<T> task, std::source_location where = std::source_location::current()) {
    if (!task.pending()) {
      if (auto outcome = task.take(); !outcome) child_failed(std::move(outcome).error());
      return;
    }
    add(task.release_operation(), "a task of a TaskGroup", where);
  }

  /// Runs `f()` in a fiber and owns that. (torc/async/fiber.hpp)
  template <class F>
  void spawn_fiber(F f, std::source_location where = std::source_location::current());

  /// Waits until no child is left; fails with the first failure, to which later ones are attached.
  Deferred<void> join() { return when_empty(); }
  /// Cancels the children and waits until none is left; fails only if one failed otherwise.
  Deferred<void> cancel() {
    cancel_children();
    return when_empty();
  }

 private:
  void child_failed(Failure failure) noexcept override;
  void tell_waiters() noexcept override;

  FailureSlot first_;
};

}  // namespace torc
