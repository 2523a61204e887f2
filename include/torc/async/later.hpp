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
