// ReactorGroup: reactors in threads of their own, for programs that want more than one core.
//
//   torc::ReactorGroup group{{.reactors = 4}};
//   auto port = co_await torc::listen(group, "tcp:8080", [] { return torc::factory<Echo>(); });   // endpoint/group_listen.hpp
//   int n = co_await group.call(2, [] { return count_there(); });
//
// More cores are more reactors, not locks: what belongs to one of them is used on its thread only. Made and destroyed by
// the thread that owns it, usually in a reactor's main (torc::run), which is then the reactor that accepts connections
// and hands them out. The threads get no signals. One of them that stops leaves the others as they are.
//
// Destroying the group stops what still runs and blocks until it has ended: `co_await group.close()` before does not
// block. A program that forks must do so before it makes one.
#pragma once

#include <torc/reactor/cross_call.hpp>
#include <torc/reactor/reactor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

namespace torc {

struct ReactorGroupOptions {
  /// How many. 0: as many as there are processors this process may use.
  std::size_t reactors = 0;
  /// Keeps each thread on one processor, in turn. For machines that do nothing else.
  bool pin = false;
  /// Names the threads: the name, a dash, and the number.
  std::string name = "torc";
  ReactorOptions reactor = {};
};

class ReactorGroup {
 public:
  /// Returns when all are there. Throws what making one of them throws; those that were there are gone then.
  explicit ReactorGroup(ReactorGroupOptions options = {});
  /// Stops them and waits until they have ended in order. Not on a thread of the group.
  ~ReactorGroup();
  ReactorGroup(const ReactorGroup&) = delete;
  ReactorGroup& operator=(const ReactorGroup&) = delete;

  // From any thread.

  std::size_t size() const noexcept;
  /// False when reactor `index` has ended.
  bool serving(std::size_t index) const noexcept;
  /// The number of the reactor whose thread this is, if it is one of the group.
  std::optional<std::size_t> here() const noexcept;
  /// Asks reactor `index` to stop, without waiting; all of them.
  void stop(std::size_t index) noexcept;
  void stop() noexcept;

  /// Calls `f` on the thread of reactor `index` and brings home what it gives: a value or a Deferred. On any reactor.
  /// `f` and the result change threads. Dropping it drops the operation there, a little later: what `f` refers to must
  /// outlive the group, or belong to that reactor. Fails with ReactorStopped when that has stopped, or does before.
  template <class F>
  auto call(std::size_t index, F f, std::source_location where = std::source_location::current())
      -> Deferred<detail::MaybeDeferred<F>> {
    return detail::CrossCall<detail::MaybeDeferred<F>>::start(door(index), std::move(f), where);
  }

  /// Stops all reactors and fires when they have ended; a thread of this reactor's pool does the waiting.
  Deferred<void> close();

  /// The way in, which outlives the group. `index` must be below size().
  const std::shared_ptr<detail::ThreadDoor>& door(std::size_t index) const noexcept;

 private:
  class Threads;
  std::shared_ptr<Threads> threads_;  // shared with who waits for their end
};

}  // namespace torc
