// testing::Clock: a Scheduler whose time moves only when told to.
//
//   torc::testing::Clock clock;              // current on this thread while it lives
//   auto nap = torc::sleep(1h);
//   clock.advance(1h);                       // nap has fired
#pragma once

#include <torc/async/background.hpp>
#include <torc/async/scheduler.hpp>

#include <initializer_list>

namespace torc::testing {

class Clock final : public Scheduler {
 public:
  /// Starts at moment 0 (wall time: the Unix epoch) and is current on this thread until destroyed.
  Clock();
  ~Clock();

  Instant now() const noexcept override { return now_; }
  WallTime wall_now() const noexcept override;
  void arm(detail::Timer& timer, Instant due) noexcept override { wheel_.arm(timer, due, now()); }
  void post(detail::Posted& work) noexcept override { posted_.push_back(work); }
  std::uint64_t random() noexcept override;
  detail::Background& background() noexcept override { return background_; }

  /// Runs a turn at the current moment: posted work, then timers that are due, then what they fired.
  void turn();
  /// Moves time forward by `step`, then runs turns until nothing is due or posted.
  void advance(Duration step);
  /// advance() by each of `steps`.
  void pump(std::initializer_list<Duration> steps);
  /// True when no timer is set and nothing is posted.
  bool idle() noexcept;

 private:
  Instant now_{};
  detail::TimerWheel wheel_{Instant{}};
  detail::IntrusiveList<detail::Posted> posted_;
  detail::Background background_;
  std::uint64_t random_state_ = 1;
  Enter enter_{this};
};

}  // namespace torc::testing
