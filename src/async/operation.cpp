#include <torc/async/operation.hpp>

#include <torc/async/scheduler.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>

#include <utility>

namespace torc {
namespace detail {

constinit thread_local Current current;
constinit thread_local RunQueue run_queue;

void Operation::inner_fired(Operation&) noexcept { misuse("an operation that waits for nothing was told of a result"); }

void Operation::drop(Operation* root) noexcept {
  check_thread(root->home_, "a Deferred was dropped");
  root->set_waiter(nullptr);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  Operation* running = root->running_ ? root : nullptr;
  for (Operation* at = root; (at = at->inner());) {
    if (at->running_) running = at;
  }
  if (running) {
    // Its own code is below us on the stack (it is dropping itself): wait until that code leaves.
    running->orphaned_root_ = root;
    return;
  }
  tear_down(root);
}

void Operation::tear_down(Operation* root) noexcept {
  // Destructors below may fire other operations. Those run later, not in the middle of this.
  auto& queue = RunQueue::current();
  const bool firing = std::exchange(queue.firing_, true);
  const TearingDown cut(true);
  Operation* at = root;
  while (at->inner()) at = at->inner();
  for (;;) {
    Operation* above = at == root ? nullptr : at->waiter_->as_operation();
    if (above) {
      *above->inner_ = nullptr;
      above->inner_ = nullptr;
    }
    at->set_waiter(nullptr);
    if (at->queued_) queue.remove(*at);
    if (at->fired()) {
      if (at->failure_ && !at->failure_.failure.check<Cancelled>()) {
        report_unhandled(at->failure_.failure, "in a result that was dropped unseen");
      }
      at->discard_unseen();
    } else {
      at->abandon();
    }
    if (!above) break;
    at = above;
  }
  queue.firing_ = firing;
  if (!firing && !queue.empty() && queue.when_left_) [[unlikely]] queue.when_left_();
}

bool Operation::leave_orphaned() noexcept {
  tear_down(std::exchange(orphaned_root_, nullptr));
  return false;
}

void Operation::request_cancel(Operation* operation) noexcept {
  check_thread(operation->home_, "an operation was cancelled");
  const Firing firing;  // what ends at once must not run its waiters while we walk
  for (;;) {
    if (operation->fired() || operation->shields_) return;
    operation->cancel_requested_ = true;
    Operation* inner = operation->inner();
    if (!inner) return operation->cancel_leaf();
    operation = inner;
  }
}

void RunQueue::run_all() noexcept {
  firing_ = true;
  while (head_) {
    Operation& operation = *head_;
    remove(operation);
    (operation.fired() ? operation.waiter_ : &operation)->inner_fired(operation);
  }
  firing_ = false;
}

void report_unhandled(const Failure& failure, const char* where) noexcept {
  try {
    const std::string what = failure.message();
    const std::string message = std::string("unhandled failure ") + where + ": " + what;
    const std::string rest = failure.report().substr(what.size() + 1);  // its type and where it arose
    log::write({.level = LogLevel::kError, .component = "async", .message = message, .detail = rest});
  } catch (...) {
    // Out of memory: the report is lost, the program goes on.
  }
}

}  // namespace detail

Scheduler& Scheduler::required(const char* what) noexcept {
  Scheduler* scheduler = current();
  if (!scheduler) {
    detail::misuse(std::string(what) +
                   " needs a running scheduler: call it from code run by a reactor, or inside Reactor::Enter");
  }
  return *scheduler;
}

}  // namespace torc
