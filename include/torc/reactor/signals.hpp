// Signals as callbacks on a reactor.
//
// The handlers of a process are shared by all its threads; SignalHub is torc's one owner of them, and
// SignalWatch the handle of one interest. The first watch of a signal installs the handler, the last
// puts back what was there.
#pragma once

#include <functional>
#include <memory>

namespace torc {

class Reactor;

/// Calls `f` on `reactor`'s thread each time `signal` arrives, until destroyed. Arrivals that come
/// before the loop gets to them count once. Create, use and destroy it on the reactor's thread.
class [[nodiscard]] SignalWatch {
 public:
  SignalWatch(Reactor& reactor, int signal, std::move_only_function<void()> f);
  ~SignalWatch();
  SignalWatch(SignalWatch&&) noexcept;
  SignalWatch& operator=(SignalWatch&&) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace torc
