#include <torc/reactor/system_events.hpp>

#include <torc/async/context.hpp>
#include <torc/async/coroutine.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/intrusive_list.hpp>
#include <torc/base/log.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace torc {

namespace detail {

struct TriggerEntry : ListHook {
  std::weak_ptr<Triggers> owner;  // for detach() only
  SystemEvent event;
  Phase phase;
  std::uint64_t number;  // grows in the order of adding
  std::source_location where;
  Context context;
  std::shared_ptr<std::move_only_function<void(TriggerCall&)>> function;  // shared with a call that drops us

  TriggerEntry(const std::shared_ptr<Triggers>& owner, SystemEvent event, Phase phase, std::uint64_t number,
               const std::source_location& where, std::move_only_function<void(TriggerCall&)> f)
      : owner(owner),
        event(event),
        phase(phase),
        number(number),
        where(where),
        context(Context::current()),
        function(std::make_shared<std::move_only_function<void(TriggerCall&)>>(std::move(f))) {}
};

namespace {

// The description of a trigger in the log.
std::string described(SystemEvent event, const std::source_location& where) {
  return "a trigger of '" + std::string(event.name()) + "' (added at " + where.file_name() + ":" +
         std::to_string(where.line()) + ")";
}

void report(const Failure& failure, SystemEvent event, const std::source_location& where) noexcept {
  if (failure.check<Cancelled>() || failure.check<ReactorStopped>()) return;
  report_unhandled(failure, ("in " + described(event, where)).c_str());
}

}  // namespace

// What is waited for in a first phase, and who gave it.
class TriggerWaits {
 public:
  void add(Deferred<void> wait, SystemEvent event, const std::source_location& where) {
    auto place = std::make_unique<Place>(event, where);
    pending_.push_back(*place);
    tasks_.spawn(std::move(wait).then_outcome([place = std::move(place)](const Outcome<void>& outcome) {
      if (!outcome) report(outcome.error(), place->event, place->where);
    }), where);
  }

  bool empty() const noexcept { return tasks_.empty(); }
  Deferred<void> join() { return tasks_.join(); }

  void name_those_left(Duration limit) {
    for (Place* place = pending_.front(); place; place = pending_.next(*place)) {
      log::warning("reactor", described(place->event, place->where) + " had not ended after " +
                                  std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()) +
                                  " ms (ReactorOptions::shutdown_limit) and was cut off");
    }
  }

 private:
  struct Place : ListHook {
    Place(SystemEvent event, const std::source_location& where) noexcept : event(event), where(where) {}
    SystemEvent event;
    std::source_location where;
  };

  IntrusiveList<Place> pending_;
  TaskSet tasks_;
};

void TriggerCall::gave(Deferred<void> wait) {
  if (waits) return waits->add(std::move(wait), event, where);
  std::move(wait)
      .then_outcome([event = event, where = where](const Outcome<void>& outcome) {
        if (!outcome) report(outcome.error(), event, where);
      })
      .detach(where);
}

class Triggers {
 public:
  std::uint64_t next_number() noexcept { return ++last_number_; }
  void add(TriggerEntry& entry) noexcept { entries_.push_back(entry); }
  void keep(std::unique_ptr<TriggerEntry> entry) { kept_.push_back(std::move(entry)); }

  /// The SystemEvents is gone: nothing is left to call.
  void close() noexcept {
    while (entries_.pop_front()) {
    }
    const auto kept = std::move(kept_);
  }

  /// Calls those of a phase whose number is above `last`, which becomes that of the last one. False when there was
  /// none.
  bool call(SystemEvent event, Phase phase, std::uint64_t& last, TriggerWaits* waits) noexcept {
    const std::uint64_t before = last;
    while (TriggerEntry* entry = find(event, phase, last)) {
      last = entry->number;
      const auto function = entry->function;
      TriggerCall call{event, entry->where, waits};
      const ContextScope scope(entry->context);
      try {
        (*function)(call);
      } catch (...) {
        report(Failure::current(), event, call.where);
      }
    }
    return last != before;
  }

 private:
  // A call may add and remove any, so the place in the list is found anew each time: they are few.
  TriggerEntry* find(SystemEvent event, Phase phase, std::uint64_t last) noexcept {
    TriggerEntry* entry = entries_.front();
    while (entry && (entry->number <= last || entry->phase != phase || entry->event != event)) {
      entry = entries_.next(*entry);
    }
    return entry;
  }

  std::uint64_t last_number_ = 0;
  IntrusiveList<TriggerEntry> entries_;
  std::vector<std::unique_ptr<TriggerEntry>> kept_;
};

namespace {

Deferred<void> before(std::shared_ptr<Triggers> triggers, SystemEvent event, std::optional<Duration> limit) {
  TriggerWaits waits;
  std::uint64_t last = 0;
  const Instant end = limit ? Scheduler::required("a limit for triggers").after(*limit) : Instant::max();
  // Those that are added while others are waited for have their turn behind them.
  while (triggers->call(event, Phase::kBefore, last, &waits)) {
    if (waits.empty()) continue;
    if (!limit) {
      co_await waits.join();
      continue;
    }
    const Duration left = end - Scheduler::required("a limit for triggers").now();
    if (co_await as_outcome(with_timeout(left, waits.join()))) continue;
    waits.name_those_left(*limit);
    co_return;
  }
}

Deferred<void> all_phases(std::shared_ptr<Triggers> triggers, SystemEvent event) {
  co_await before(triggers, event, std::nullopt);
  for (const Phase phase : {Phase::kDuring, Phase::kAfter}) {
    std::uint64_t last = 0;
    triggers->call(event, phase, last, nullptr);
  }
}

}  // namespace

}  // namespace detail

Trigger::Trigger() noexcept = default;
Trigger::Trigger(Trigger&&) noexcept = default;
Trigger& Trigger::operator=(Trigger&&) noexcept = default;
Trigger::~Trigger() = default;
Trigger::Trigger(std::unique_ptr<detail::TriggerEntry> entry) noexcept : entry_(std::move(entry)) {}

void Trigger::detach() noexcept {
  if (!entry_) return;
  const auto owner = entry_->owner.lock();
  if (owner && entry_->linked()) owner->keep(std::move(entry_));
  entry_.reset();
}

SystemEvents::SystemEvents() : triggers_(std::make_shared<detail::Triggers>()) {}

SystemEvents::~SystemEvents() { triggers_->close(); }

Trigger SystemEvents::add(Phase phase, SystemEvent event, std::move_only_function<void(detail::TriggerCall&)> f,
                          const std::source_location& where) {
  auto entry =
      std::make_unique<detail::TriggerEntry>(triggers_, event, phase, triggers_->next_number(), where, std::move(f));
  triggers_->add(*entry);
  return Trigger(std::move(entry));
}

Deferred<void> SystemEvents::fire(SystemEvent event) { return detail::all_phases(triggers_, event); }

Deferred<void> SystemEvents::fire_before(SystemEvent event, Duration limit) {
  return detail::before(triggers_, event, limit);
}

void SystemEvents::fire_phase(SystemEvent event, Phase phase) noexcept {
  const auto triggers = triggers_;
  std::uint64_t last = 0;
  triggers->call(event, phase, last, nullptr);
}

}  // namespace torc
