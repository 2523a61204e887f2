// GLib and torc in one thread: GTK, GIO and the like beside torc's connections.
//
//   torc::host::Glib host{reactor, g_main_context_default()};     // GLib's main loop runs torc
//   torc::guest::Glib guest{reactor, g_main_context_default()};   // torc's reactor runs GLib
//
// Neither has a thread or a polling timer. Optional: link torc::host_glib, which needs GLib 2.58. GLib is
// under the LGPL and is linked as a shared library; no other part of torc uses it.
// One thread: where the context is iterated, which is the reactor's. No header of GLib is included here.
#pragma once

#include <functional>
#include <memory>

struct _GMainContext;

namespace torc {

class Reactor;

namespace host {

/// Runs `reactor` inside `context` (null: the default one) as a source of default priority, as long as it
/// lives or until the reactor has stopped. The reactor is running() from here on. A main loop run by one
/// of torc's callbacks goes on without torc, which waits until that callback returns.
class [[nodiscard("the reactor is hosted while this lives")]] Glib {
 public:
  /// `stopped` is called when the reactor has stopped or is destroyed: the place for g_main_loop_quit().
  /// Throws SystemError. A reactor that runs already is a programming error.
  explicit Glib(Reactor& reactor, _GMainContext* context = nullptr, std::move_only_function<void()> stopped = {});
  /// Takes torc out of the context at once, without the order of stop(). Allowed in any callback.
  ~Glib();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace host

namespace guest {

/// Runs `context` (null: the default one) inside `reactor`, as long as it lives: one iteration a turn at
/// most. Owns the context as g_main_context_acquire() does; a context that another thread owns is a
/// programming error. What GLib's callbacks fire runs when GLib has returned.
class [[nodiscard("the context is driven while this lives")]] Glib {
 public:
  /// Throws SystemError.
  explicit Glib(Reactor& reactor, _GMainContext* context = nullptr);
  /// Leaves the context to others. Allowed in any callback.
  ~Glib();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace guest
}  // namespace torc
