// The scheduler's list of roots, as a signal handler may look at it.
#pragma once

#include <torc/async/scheduler.hpp>
#include <torc/async/tasks.hpp>

namespace torc::detail {

/// The root that owns `operation`, or null: there is none, or this thread was changing the list when it was
/// interrupted. May be called in a signal handler.
const Root* root_if_safe(Scheduler& scheduler, const Operation& operation) noexcept;

}  // namespace torc::detail
