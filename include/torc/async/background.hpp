// Background: where detached operations live until they end, and the tasks of cooperate().
//
// A scheduler has one. Shutdown cancels what is in it, waits for a limit, and drops the rest by name.
// Without a scheduler a detached operation simply owns itself.
#pragma once

#include <torc/async/operation.hpp>
#include <torc/async/tasks.hpp>
#include <torc/base/intrusive_list.hpp>

#include <cstddef>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

namespace torc {
class Cooperator;
}

namespace torc::detail {

/// One detached operation. Owns the operation and itself.
class Detached final : public Waiter, public Root, public Pooled {
 public:
  Detached(Operation* operation, std::source_location where);

 private:
  friend class Background;
  void inner_fired(Operation& inner) noexcept override;

  struct Place final : ListHook {
    explicit Place(Detached& task) noexcept : task(task) {}
    Detached& task;
  };

  struct Limit;
  struct EndLimit {
    void operator()(Limit* limit) const noexcept;
  };

  Operation* operation_;
  Place place_{*this};
  std::unique_ptr<Limit, EndLimit> limit_;  // when it was detached under a deadline
};

class Background {
 public:
  Background() noexcept;
  ~Background();

  bool empty() const noexcept { return tasks_.empty(); }
  void add(Detached& task) noexcept { tasks_.push_back(task.place_); }
  /// The scheduler's own cooperator, made when it is first asked for.
  Cooperator& cooperator(Scheduler& scheduler);
  /// Asks everything here to end; cooperative tasks do so at once.
  void cancel_all() noexcept;
  /// Drops what is left; returns where each was detached, readable.
  std::vector<std::string> drop_all();

 private:
  void end_cooperator() noexcept;

  IntrusiveList<Detached::Place> tasks_;
  std::unique_ptr<Cooperator> cooperator_;
};

}  // namespace torc::detail
