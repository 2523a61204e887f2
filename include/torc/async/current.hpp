// Current: what this thread is doing for torc: whose code it runs, on which scheduler, in what context.
// Library code; users have Scheduler::current() and Context::current().
#pragma once

#include <torc/async/context.hpp>
#include <torc/base/time.hpp>

namespace torc {

class Scheduler;

namespace detail {

class Operation;

struct Current {
  Scheduler* scheduler = nullptr;
  /// The innermost operation whose own code is on the stack. Its context is the current one.
  Operation* task = nullptr;
  /// The current context where no task runs: in callbacks. Kept by the ContextScope that set it.
  ContextMap* context = nullptr;
  /// Ready results that may still be taken before the loop gets a turn.
  int budget = 0;
  /// When the present turn of the loop began; good enough to say how long something has waited.
  Instant turn_began{};
};
extern constinit thread_local Current current;

/// The next ready result is not taken at once: the turn's budget is spent (semantics, rule 20).
inline bool budget_is_spent() noexcept { return current.scheduler && current.budget <= 1; }

}  // namespace detail
}  // namespace torc
