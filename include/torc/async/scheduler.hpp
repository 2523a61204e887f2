// Scheduler: the home of asynchronous work: time, a later turn, randomness, a place for background work.
//
// `async` needs no loop: whatever asks for time or a later turn asks the Scheduler that was current when
// it began. The reactor and testing::Clock implement it. Each thread has at most one current Scheduler:
// the one whose work it is running.
#pragma once

#include <torc/async/clock.hpp>
#include <torc/async/current.hpp>

#include <cstdint>
#include <vector>

namespace torc {

class Scheduler;
struct TaskInfo;

namespace detail {

/// Work for the next turn, kept inside its owner. Destroying it takes it back.
class Posted : public ListHook {
 protected:
  ~Posted() = default;

 private:
  friend class torc::Scheduler;
  virtual void run() noexcept = 0;
};

/// Operations that were detached: held until they end, cancelled at shutdown. (background.hpp)
class Background;
/// An operation that was begun and left to an owner. (tasks.hpp)
class Root;
const Root* root_if_safe(Scheduler& scheduler, const Operation& operation) noexcept;
/// Something that a scheduler was given to offer. (capability.hpp)
class Offer;
/// A task that waits for another one at a channel. (channel_wait.hpp)
class ChannelWait;

}  // namespace detail

class Scheduler : public Clock {
 public:
  /// Ready results a dispatch may take before it lets others run (semantics, rule 20).
  static constexpr int kBudget = 128;

  /// The scheduler whose work this thread is running, or null.
  static Scheduler* current() noexcept { return detail::current.scheduler; }
  /// As current(); having none is a programming error, reported with `what` wanted it.
  static Scheduler& required(const char* what) noexcept;

  /// Runs `work` in the next turn, after what was posted before.
  virtual void post(detail::Posted& work) noexcept = 0;
  /// A random number for jitter, identifiers and the like; the same in every run on testing::Clock. Not for secrets.
  virtual std::uint64_t random() noexcept = 0;
  /// Where detached operations of this home live.
  virtual detail::Background& background() noexcept = 0;

  /// The tasks that are pending: where each was begun, what it waits for. (torc/async/tasks.hpp)
  std::vector<TaskInfo> tasks();

  /// The T that was offered here last (Offers<T>), or null. (torc/async/capability.hpp)
  template <class T>
  T* find() noexcept;

  /// Makes this scheduler current for a scope, with a fresh budget.
  class Enter {
   public:
    explicit Enter(Scheduler* scheduler) noexcept : before_(detail::current) {
      detail::current.scheduler = scheduler;
      detail::current.budget = kBudget;
    }
    ~Enter() { detail::current = before_; }
    Enter(const Enter&) = delete;
    Enter& operator=(const Enter&) = delete;

   private:
    detail::Current before_;
  };

 protected:
  ~Scheduler() = default;
  static void run(detail::Posted& work) noexcept { work.run(); }
  /// For when nothing can wake anybody any more: fails with Deadlock who waits at a channel. False when
  /// nobody does.
  bool end_deadlock() noexcept;
  bool somebody_waits_at_a_channel() const noexcept { return !channel_waits_.empty(); }

 private:
  friend class detail::Root;
  friend const detail::Root* detail::root_if_safe(Scheduler& scheduler, const detail::Operation& operation) noexcept;
  friend class detail::ChannelWait;
  friend class detail::Offer;
  void* find_offer(const void* type) noexcept;
  detail::IntrusiveList<detail::Root> roots_;
  detail::IntrusiveList<detail::ChannelWait> channel_waits_;
  detail::IntrusiveList<detail::Offer> offers_;  // few: found by looking at each
};

}  // namespace torc
