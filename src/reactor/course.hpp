// Course: what comes once in a run of a reactor: the startup event, and the steps of stopping in order.
//
// Whoever turns the reactor (run(), Hosting) has one while it does, asks it for its step before each turn, and after
// each whether the run is over. The states are the reactor's:
//
//   kRunning   the startup event was fired in the first step
//   kEnding    stop() was called; the before-triggers of the shutdown are waited for, everything works
//   kStopping  the during-triggers were called, what was pending has been told; the background comes to its end
//   kLeaving   over: by crash(), or the limit has passed
//
// One limit bounds the whole of stopping: what the triggers take, the background does not get.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/reactor/reactor.hpp>

#include <optional>

namespace torc::detail {

class Course final : private Timer {
 public:
  explicit Course(Reactor& reactor) noexcept;
  ~Course();

  /// Between two turns; the reactor is current. A trigger may end the run, or the Hosting.
  void step() {
    if (!running()) [[unlikely]] take_step();
  }
  /// Whether step() or finished() would find something to do: the loop must not sleep.
  bool due() const noexcept { return !running() && step_due(); }
  /// Behind a turn: whether it was the last.
  bool finished() const noexcept { return !running() && over(); }
  /// Behind the last turn: tells what came meanwhile, and calls the after-triggers.
  void end() noexcept;

 private:
  /// Begun, and nobody has asked for the end.
  bool running() const noexcept { return started_ && reactor_.state_ == Reactor::State::kRunning; }
  void take_step();
  bool step_due() const noexcept;
  bool over() const noexcept;
  void end_pending() noexcept;
  void expire() noexcept override;

  Reactor& reactor_;
  bool started_ = false;
  bool limit_passed_ = false;
  std::optional<Deferred<void>> startup_;
  std::optional<Deferred<void>> before_;  // the first phase of the shutdown
  Instant limit_;                         // set as it begins
};

}  // namespace torc::detail
