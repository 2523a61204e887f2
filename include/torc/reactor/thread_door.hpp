// ThreadDoor: the way into a reactor from other threads, and what those threads wait for.
//
// A reactor has one, shared with whoever may call in; it outlives the reactor, closed. Thread pools bring
// results home through it, EventualResult and blocking_call_from_thread wait behind it. Users have
// Reactor::call_from_thread. All of it may be used from any thread.
#pragma once

#include <torc/base/intrusive_list.hpp>

#include <functional>
#include <memory>

namespace torc::detail {

/// Something another thread waits for. Shared by that thread and the reactor's.
class OutsideWait : public ListHook, public std::enable_shared_from_this<OutsideWait> {
 public:
  /// The reactor has begun to stop, or has stopped: the wait is over. Once at most; on any thread.
  virtual void reactor_stopped() noexcept = 0;

 protected:
  ~OutsideWait() = default;
};

/// `f`, to be called in the context that is current now.
void keep_context(std::move_only_function<void()>& f);

class ThreadDoor {
 public:
  virtual ~ThreadDoor() = default;
  /// Calls `f` on the reactor's thread, in order of the calls. False, and `f` is left as it is, when the
  /// reactor is gone.
  virtual bool call(std::move_only_function<void()>&& f) = 0;
  /// As call(), for a `wait` that is told when the reactor stops, until it is forgotten. False when the
  /// reactor has been stopped and does not run again.
  virtual bool call_waited(OutsideWait& wait, std::move_only_function<void()>&& f) = 0;
  /// The wait is over.
  virtual void forget(OutsideWait& wait) noexcept = 0;
};

}  // namespace torc::detail
