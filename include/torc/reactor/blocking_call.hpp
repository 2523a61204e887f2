// blocking_call_from_thread: a function called on a reactor's thread, and waited for.
//
//   auto users = torc::blocking_call_from_thread(reactor, 2s, [&] { return count_users(); });
//
// For threads of a thread pool and other threads beside the loop. A program without a loop has
// BackgroundReactor (torc/reactor/background_reactor.hpp).
#pragma once

#include <torc/async/maybe_deferred.hpp>
#include <torc/base/time.hpp>
#include <torc/reactor/eventual.hpp>
#include <torc/reactor/reactor.hpp>

#include <utility>

namespace torc {

/// Calls `f` on the thread of `reactor`, waits for at most `limit`, and gives its value (or that of the
/// Deferred it returned), moved to this thread. Throws the original error; TimeoutError when the limit is
/// over: a call that has not begun is then not made, an operation under way is cancelled; ReactorStopped
/// when the reactor stops meanwhile, or has stopped. A reactor that has not run yet is waited for.
///
/// What `f` refers to must outlive the operation, which may end after the limit. On a reactor's thread
/// this stops the program: the loop could not turn while it waits.
template <class F>
auto blocking_call_from_thread(Reactor& reactor, Duration limit, F f) -> detail::MaybeDeferred<F> {
  detail::check_may_block("blocking_call_from_thread");
  using T = detail::MaybeDeferred<F>;
  return detail::EventualOf<T>::start(reactor.thread_door(), std::move(f))->wait_and_take(limit);
}

}  // namespace torc
