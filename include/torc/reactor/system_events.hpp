// SystemEvents: what is to be done when a reactor starts and stops, and at events of the user's.
//
//   auto flush = reactor.add_trigger(torc::Phase::kBefore, torc::kShutdown, [&] { return journal.flush(); });
//
// A reactor is one, and fires kStartup and kShutdown itself. Code that needs only this asks for a SystemEvents&: its
// test makes one and fires. An event has three phases; the triggers of a phase are called in the order they were
// added. What those of the first phase give is waited for, all together; then come during and after.
//
//   kStartup    as run() begins (hosted: in the first dispatch), in front of what call_when_running() was given.
//               The loop turns while the first phase waits; a stop ends the wait, and the later phases do not come.
//   kShutdown   before: after stop(), while everything works still. during: just before connections, timers, jobs
//               and so on fail with ReactorStopped. after: when the loop is empty, last in run(). crash() fires none.
//
// Adding while the event is fired: the trigger takes part if its phase has not ended yet.
// One thread, that of the reactor.
#pragma once

#include <torc/base/time.hpp>

#include <functional>
#include <memory>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>

namespace torc {

template <class T>
class Deferred;

namespace detail {
class Triggers;
class TriggerWaits;
struct TriggerEntry;
}  // namespace detail

enum class Phase : char { kBefore, kDuring, kAfter };

/// Names an event by a literal; two of the same name are the same.
///   constexpr torc::SystemEvent kReload{"reload"};
class SystemEvent {
 public:
  explicit consteval SystemEvent(const char* name) : name_(name) {}
  constexpr std::string_view name() const noexcept { return name_; }
  friend constexpr bool operator==(const SystemEvent&, const SystemEvent&) = default;

 private:
  std::string_view name_;
};

inline constexpr SystemEvent kStartup{"startup"};
inline constexpr SystemEvent kShutdown{"shutdown"};

namespace detail {

/// One call of a trigger.
struct TriggerCall {
  /// Takes what the trigger gave.
  void gave(Deferred<void> wait);

  SystemEvent event;
  std::source_location where;  // the trigger was added
  TriggerWaits* waits;         // null where nothing is waited for
};

}  // namespace detail

/// A function that is called each time its event is fired. Dropping it takes it back, also while the event is fired; a
/// wait that it began is waited for all the same. It may outlive its SystemEvents.
class [[nodiscard("a Trigger that is dropped is removed: keep or detach() it")]] Trigger {
 public:
  Trigger() noexcept;
  Trigger(Trigger&&) noexcept;
  Trigger& operator=(Trigger&&) noexcept;
  ~Trigger();

  /// Lets it stay as long as its SystemEvents.
  void detach() noexcept;

 private:
  friend class SystemEvents;
  explicit Trigger(std::unique_ptr<detail::TriggerEntry> entry) noexcept;
  std::unique_ptr<detail::TriggerEntry> entry_;
};

class SystemEvents {
 public:
  SystemEvents();
  ~SystemEvents();
  SystemEvents(const SystemEvents&) = delete;
  SystemEvents& operator=(const SystemEvents&) = delete;

  /// Calls `f` in this phase of each `event`, with the context that is current now. It gives nothing or a
  /// Deferred<void>, which is waited for in the first phase, and goes on in the background in the others.
  /// Errors: what it throws or its Deferred fails with is logged with `where`; the others go on.
  template <class F>
  Trigger add_trigger(Phase phase, SystemEvent event, F f,
                      std::source_location where = std::source_location::current()) {
    using R = std::invoke_result_t<F&>;
    static_assert(std::is_void_v<R> || std::is_same_v<R, Deferred<void>>, "a trigger gives nothing or a Deferred<void>");
    return add(
        phase, event,
        [f = std::move(f)]([[maybe_unused]] detail::TriggerCall& call) mutable {
          if constexpr (std::is_void_v<R>) {
            f();
          } else {
            call.gave(f());
          }
        },
        where);
  }

  /// Fires an event of the user's: calls its triggers phase by phase, and ends with the last phase. The first triggers
  /// have been called when it returns. Without a limit: see with_timeout().
  /// Cancellation, and dropping it: what is waited for is dropped, and the later phases do not come.
  Deferred<void> fire(SystemEvent event);

 protected:
  /// The first phase alone. After `limit` (on the current scheduler's clock) what still pends is dropped, and named in
  /// the log.
  Deferred<void> fire_before(SystemEvent event, Duration limit);
  /// Another phase alone.
  void fire_phase(SystemEvent event, Phase phase) noexcept;

 private:
  Trigger add(Phase phase, SystemEvent event, std::move_only_function<void(detail::TriggerCall&)> f,
              const std::source_location& where);

  std::shared_ptr<detail::Triggers> triggers_;  // shared with what is being fired
};

}  // namespace torc
