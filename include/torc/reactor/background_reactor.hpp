// BackgroundReactor: a reactor in a thread of its own, for programs that have no loop.
//
//   torc::BackgroundReactor background;
//   auto page = background.call([] { return torc::http::get("http://example.com/"); });
//   std::cout << page.wait(5s).status() << '\n';
//
// Any thread may call and wait. Functions run on the reactor's thread, one at a time; what they use there
// is used nowhere else. The thread gets no signals. Several BackgroundReactors may run side by side, and
// one may be static: the process then ends in order.
//
// stop() or the destructor end it: what is pending fails with ReactorStopped, whoever waits is released,
// later calls fail the same way. What the reactor holds is destroyed on its thread. A program that forks
// must do so before it makes one.
#pragma once

#include <torc/reactor/blocking_call.hpp>
#include <torc/reactor/eventual_result.hpp>
#include <torc/reactor/reactor.hpp>

#include <memory>
#include <string>
#include <utility>

namespace torc {

struct BackgroundReactorOptions {
  /// Names the thread.
  std::string name = "torc-background";
  ReactorOptions reactor = {};
};

class BackgroundReactor {
 public:
  /// Returns when the reactor is there. Throws what making it or the thread throws.
  explicit BackgroundReactor(BackgroundReactorOptions options = {});
  /// Stops the reactor, waits until it has ended in order, and destroys it. Not on the reactor's thread.
  ~BackgroundReactor();
  BackgroundReactor(const BackgroundReactor&) = delete;
  BackgroundReactor& operator=(const BackgroundReactor&) = delete;

  /// For call_from_thread. All else on it only inside functions that are called there.
  Reactor& reactor() noexcept;

  /// Calls `f` on the reactor's thread. It may give a value or a Deferred, or throw.
  template <class F>
  auto call(F f) -> EventualResult<detail::MaybeDeferred<F>> {
    using T = detail::MaybeDeferred<F>;
    return EventualResult<T>(detail::EventualOf<T>::start(reactor().thread_door(), std::move(f)), stash_);
  }

  /// Calls `f` there, waits for at most `limit` and gives the value, moved to this thread. Throws the
  /// original error, or TimeoutError: the operation is then cancelled. What `f` refers to must outlive
  /// the operation, which may end after the limit.
  template <class F>
  auto call_and_wait(Duration limit, F f) -> detail::MaybeDeferred<F> {
    return blocking_call_from_thread(reactor(), limit, std::move(f));
  }

  /// The result that was stashed as `id`, once. Throws NotStashed when there is none, or it is no T.
  template <class T>
  EventualResult<T> retrieve(StashId id) {
    auto state = stash_->take(id, detail::stash_type<T>());
    return EventualResult<T>(std::static_pointer_cast<detail::EventualOf<T>>(std::move(state)), stash_);
  }

  /// Asks the reactor to stop, without waiting. From any thread.
  void stop() noexcept;

 private:
  struct Thread;
  std::unique_ptr<Thread> thread_;
  std::shared_ptr<detail::Stash> stash_;
};

}  // namespace torc
