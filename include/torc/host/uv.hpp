// libuv and torc in one thread.
//
//   torc::host::Uv host{reactor, uv_default_loop()};     // libuv's loop runs torc
//   torc::guest::Uv guest{reactor, uv_default_loop()};   // torc's reactor runs libuv's loop
//
// Neither has a thread or a polling timer. Optional: link torc::host_uv, which needs libuv 1.44.
// One thread: that of the loop, which is the reactor's. No header of libuv is included here.
#pragma once

#include <functional>
#include <memory>

struct uv_loop_s;

namespace torc {

class Reactor;

namespace host {

/// Runs `reactor` inside `loop`, as long as it lives or until the reactor has stopped; that long it keeps
/// uv_run() going, as any active handle does. The reactor is running() from here on.
class [[nodiscard("the reactor is hosted while this lives")]] Uv {
 public:
  /// `stopped` is called when the reactor has stopped or is destroyed. Throws SystemError. A reactor that
  /// runs already is a programming error.
  explicit Uv(Reactor& reactor, uv_loop_s* loop, std::move_only_function<void()> stopped = {});
  /// Takes torc out of the loop at once, without the order of stop(). Allowed in any callback. The handle
  /// in the loop is closed by its next iteration: destroy this before the last uv_run(), and that before
  /// uv_loop_close().
  ~Uv();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace host

namespace guest {

/// Runs `loop` inside `reactor`, as long as it lives: one uv_run(UV_RUN_NOWAIT) a turn, while the loop has
/// something active. What libuv's callbacks fire runs when libuv has returned.
class [[nodiscard("the loop is driven while this lives")]] Uv {
 public:
  /// Throws SystemError. `loop` outlives this.
  explicit Uv(Reactor& reactor, uv_loop_s* loop);
  /// Leaves the loop to others. Allowed in any callback.
  ~Uv();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace guest
}  // namespace torc
