#include <torc/async/deadline.hpp>

#include <algorithm>

namespace torc {
namespace detail {

const ContextKey<DeadlineEntry> kDeadline("deadline");

void DeadlineTimer::expire() noexcept {
  const Firing firing;  // what ends keeps us until all have been told
  while (UnderDeadline* work = works_.pop_front()) work->deadline_passed();
}

std::shared_ptr<DeadlineTimer> DeadlineEntry::timer_here() const {
  if (current.scheduler != home) return nullptr;
  auto shared = timer.lock();
  if (!shared || !shared->armed()) timer = shared = std::make_shared<DeadlineTimer>(*home, due);
  return shared;
}

Context context_with_deadline(Duration limit) {
  Scheduler& scheduler = Scheduler::required("with_deadline");
  const Context context = Context::current();
  const Instant due = scheduler.after(limit);
  if (const auto* earlier = context.get(kDeadline); earlier && earlier->due <= due) return context;
  return context.with(kDeadline, DeadlineEntry{.due = due, .home = &scheduler, .timer = {}});
}

}  // namespace detail

std::optional<Instant> Deadline::current() noexcept {
  const Context context = Context::current();
  const auto* deadline = context.get(detail::kDeadline);
  return deadline ? std::optional(deadline->due) : std::nullopt;
}

Duration Deadline::remaining() noexcept {
  const auto due = current();
  if (!due) return Duration::max();
  return std::max(Duration::zero(), *due - Scheduler::required("Deadline::remaining").now());
}

}  // namespace torc
