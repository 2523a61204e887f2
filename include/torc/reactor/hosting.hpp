// Hosting: a reactor that runs inside another loop, with no thread and no polling timer.
//
//   torc::Hosting hosting{reactor};
//   // in the other loop: whenever hosting.fd() is readable (level-triggered), call
//   hosting.dispatch();
//
// For loops torc has no adapter for; GLib, libuv and Asio have one in torc/host/. One descriptor stands
// for all a reactor waits for: it is readable when a descriptor of the reactor is ready, a timer is due,
// work was posted or another thread called. dispatch() then runs one turn, which never sleeps.
//
// Used on one thread, which is the reactor's from then on. Code of the other loop may use the reactor
// between two dispatches (call_later, stop, results); what begins an operation there needs a
// Scheduler::Enter, as everywhere outside the reactor's own work.
#pragma once

#include <functional>
#include <memory>

namespace torc {

class Reactor;

class Hosting {
 public:
  /// From now on `reactor` is running(). A reactor that runs or is hosted already is a programming
  /// error; one on Backend::kPoll has no descriptor to watch, which is an Error. `ended` is called once if hosting ends before this object does: when the reactor has stopped,
  /// in order, or is destroyed. fd() is then still open and must not be watched any more. It may destroy
  /// this object, and must not throw.
  explicit Hosting(Reactor& reactor, std::move_only_function<void()> ended = {});
  /// Leaves the other loop at once, as Reactor::crash(): what is pending stays pending, and the reactor
  /// may be hosted or run again. Allowed inside dispatch().
  ~Hosting();
  Hosting(const Hosting&) = delete;
  Hosting& operator=(const Hosting&) = delete;

  /// What to watch for reading; the same for the whole life of this object.
  int fd() const noexcept;
  /// Runs one turn of the reactor. Inside itself (the other loop was run by a callback of the reactor) it
  /// returns at once: a loop that may do so should not watch fd() meanwhile. Does nothing once ended.
  void dispatch() noexcept;
  /// True while dispatch() is on the stack.
  bool dispatching() const noexcept;
  /// False when hosting has ended.
  bool active() const noexcept;

 private:
  friend class Reactor;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace torc
