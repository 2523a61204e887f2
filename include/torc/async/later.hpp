// Later: how an operation goes on behind others: in the run queue while the turn's budget lasts, then in
// the next turn. Kept inside the operation, or where it waits; its end takes the turn back.
// Library code: coroutines, fibers and channels.
#pragma once

#include <torc/async/operation.hpp>
#include <torc/async/scheduler.hpp>

namespace torc::detail {

class Later final : public Posted {
 public:
  /// `self` is told that it goes on (inner_fired), behind what is queued already. It waits for nothing else.
  void yield(Operation& self) noexcept {
    if (!current.scheduler || --current.budget > 0) {
      RunQueue::current().leave(self);
    } else {
      next_turn(self);
    }
  }
  /// For who is told that `inner` has fired: true when the budget of the turn is spent, so that results which
  /// fire each other without end leave the loop its turn. It is then told again in the next, by itself.
  bool postpones(Operation& inner, Operation& self) noexcept {
    if (&inner == &self || !current.scheduler || --current.budget > 0) return false;
    next_turn(self);
    return true;
  }
  /// As yield(), in the next turn.
  void next_turn(Operation& self) noexcept {
    self_ = &self;
    current.scheduler->post(*this);
  }

 private:
  void run() noexcept override {
    const Firing firing;
    self_->inner_fired(*self_);
  }

  Operation* self_ = nullptr;
};

}  // namespace torc::detail
