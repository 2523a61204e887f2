// Deadline: one moment by which all that is begun below must be over.
//
//   auto page = co_await torc::with_deadline(5s, [&] { return load_page(user); });
//
// with_timeout() bounds one Deferred. A deadline is part of the context besides: whatever `load_page` begins
// inherits it, however deep, also what it hands to a TaskSet or detaches; all of it is cancelled when the
// moment comes. A deadline inside another can only be earlier. Code that passes a limit on to somebody else
// (a header, a blocking call, a thread) asks Deadline::remaining(). (Semantics, rule 10.)
#pragma once

#include <torc/async/context.hpp>
#include <torc/async/maybe_deferred.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/intrusive_list.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace torc {

class Deadline {
 public:
  /// When the present work must be over, on the clock of its scheduler; nothing when it has no deadline.
  static std::optional<Instant> current() noexcept;
  /// The time left until then, at least 0; Duration::max() without a deadline. Needs a scheduler only with one.
  static Duration remaining() noexcept;
};

namespace detail {

/// One operation under a deadline that has an owner of its own.
class UnderDeadline : public ListHook {
 public:
  virtual void deadline_passed() noexcept = 0;

 protected:
  ~UnderDeadline() = default;
};

/// The one timer for all that is under a deadline and not below its scope. Kept by those it will end.
class DeadlineTimer final : public Timer {
 public:
  DeadlineTimer(Scheduler& scheduler, Instant due) noexcept { scheduler.arm(*this, due); }
  void add(UnderDeadline& work) noexcept { works_.push_back(work); }

 private:
  void expire() noexcept override;

  IntrusiveList<UnderDeadline> works_;
};

/// What the context holds. Threads share it; the timer is for the home's.
struct DeadlineEntry {
  Instant due;
  Scheduler* home;
  mutable std::weak_ptr<DeadlineTimer> timer;

  std::shared_ptr<DeadlineTimer> timer_here() const;
};
extern const ContextKey<DeadlineEntry> kDeadline;

/// The context with a deadline `limit` from now, unless an earlier one is in force.
Context context_with_deadline(Duration limit);

template <class T>
class Bounded final : public Wrapper<T>, public UnderDeadline {
 public:
  Bounded(Operation* operation, std::shared_ptr<DeadlineTimer> timer) noexcept
      : Wrapper<T>(operation), timer_(std::move(timer)) {
    timer_->add(*this);
  }
  WaitSite site() const noexcept override { return {"a deadline"}; }

 private:
  void deadline_passed() noexcept override {
    passed_ = !this->cancel_requested();
    Operation::request_cancel(this);
  }
  Outcome<T> ended(Outcome<T> outcome) noexcept override {
    UnderDeadline::unlink();
    if (passed_ && !outcome && outcome.error().template check<Cancelled>()) {
      return Failure(TimeoutError("the deadline passed"));
    }
    return outcome;
  }

  std::shared_ptr<DeadlineTimer> timer_;
  bool passed_ = false;
};

/// `work`, which gets an owner of its own, under the deadline that is in force.
template <class T>
Deferred<T> under_deadline(Deferred<T> work) {
  const Context context = Context::current();
  const DeadlineEntry* const deadline = context.get(kDeadline);
  if (!deadline || !work.pending() || !current.scheduler) return work;
  if (auto timer = deadline->timer_here()) return Deferred<T>(new Bounded<T>(work.release_operation(), std::move(timer)));
  return with_timeout(Deadline::remaining(), std::move(work));  // we are on another thread
}

}  // namespace detail

/// Calls `f()` and gives what it gives: a value or the result of a Deferred. All that `f` begins, and whatever
/// that begins, has until `limit` from now; then it is cancelled, and this fails with TimeoutError when it has
/// ended. Needs a scheduler.
template <class F>
auto with_deadline(Duration limit, F f) {
  const ContextScope scope(detail::context_with_deadline(limit));
  return with_timeout(limit, maybe_deferred(std::move(f)));
}

}  // namespace torc
