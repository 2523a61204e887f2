// Home: while one lives, an operation's own scheduler is current (semantics, rule 18).
#pragma once

#include <torc/async/operation.hpp>
#include <torc/async/scheduler.hpp>

#include <utility>

namespace torc::detail {

class [[nodiscard]] Home {
 public:
  explicit Home(const Operation& operation) noexcept
      : before_(std::exchange(current.scheduler, operation.home())) {}
  ~Home() { current.scheduler = before_; }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

 private:
  Scheduler* before_;
};

}  // namespace torc::detail
