#include <torc/async/timing.hpp>

namespace torc {
namespace detail {

namespace {

class Sleep final : public OperationOf<void>, public Timer, public Pooled {
 public:
  explicit Sleep(Duration duration, Scheduler& scheduler) { scheduler.arm(*this, scheduler.after(duration)); }
  WaitSite site() const noexcept override { return {"sleep"}; }

 private:
  void expire() noexcept override { fire(Outcome<void>()); }
  void stopped() noexcept override { Operation::fire(Failure(ReactorStopped("the reactor stopped during a sleep"))); }
  void cancel_leaf() noexcept override {
    disarm();
    Operation::fire(Failure(Cancelled{}));
  }
  void discard() noexcept override { delete this; }
  void abandon() noexcept override { delete this; }
};

class Forever final : public OperationOf<void>, public Timer, public Pooled {
 public:
  explicit Forever(Scheduler* scheduler) {
    if (scheduler) scheduler->arm(*this, Instant::max());  // no timer: only to be told of its end
  }

  WaitSite site() const noexcept override { return {"until_cancelled"}; }

 private:
  void expire() noexcept override {}
  void stopped() noexcept override { Operation::fire(Failure(ReactorStopped("the reactor stopped during a wait for its end"))); }
  void cancel_leaf() noexcept override {
    disarm();
    Operation::fire(Failure(Cancelled{}));
  }
  void discard() noexcept override { delete this; }
  void abandon() noexcept override { delete this; }
};

}  // namespace

std::string timed_out_after(Duration limit) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  if (limit < std::chrono::milliseconds(1)) {
    return "timed out after " + std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(limit).count()) + " us";
  }
  return "timed out after " + (ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms");
}

}  // namespace detail

Deferred<void> sleep(Duration duration) {
  return Deferred<void>(new detail::Sleep(duration, Scheduler::required("sleep")));
}

Deferred<void> until_cancelled() { return Deferred<void>(new detail::Forever(Scheduler::current())); }

}  // namespace torc
