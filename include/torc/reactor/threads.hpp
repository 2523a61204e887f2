// Blocking code from asynchronous code: the short forms over ThreadPool.
//
//   int n = co_await torc::defer_to_thread([args] { return legacy_blocking_call(args); });
//
// All are called on a reactor's thread, use its default pool (ReactorOptions::threads at most) unless given
// another, and follow ThreadPool's rules: dropping takes a job that waits back, a full queue refuses.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/reactor/thread_pool.hpp>

#include <functional>
#include <source_location>
#include <stop_token>
#include <utility>
#include <vector>

namespace torc {

/// Runs `f()`, or `f(std::stop_token)`, on a thread; gives what it returns or throws.
template <class F>
auto defer_to_thread(F f, std::source_location where = std::source_location::current()) {
  return Reactor::required("defer_to_thread").thread_pool().defer(std::move(f), where);
}

/// As defer_to_thread, on a thread of `pool`.
template <class F>
auto defer_to_pool(ThreadPool& pool, F f, std::source_location where = std::source_location::current()) {
  return pool.defer(std::move(f), where);
}

/// Runs `f` on a thread, in the background: nobody waits, and a failure is logged. When the reactor stops
/// before it has begun, it does not begin.
template <class F>
void call_in_thread(F f, std::source_location where = std::source_location::current()) {
  defer_to_thread(std::move(f), where)
      .then_outcome([](auto outcome) -> Outcome<void> {
        if (outcome || outcome.error().template check<ReactorStopped>()) return {};
        return std::move(outcome).error();
      })
      .detach(where);
}

/// Runs the functions one after another on one thread of `pool`; fires when the last has returned. The
/// first that throws is the last that runs, and what it threw the failure. After dropping or cancelling
/// none is begun any more.
inline Deferred<void> call_multiple_in_thread(ThreadPool& pool, std::vector<std::move_only_function<void()>> functions) {
  return pool.defer([functions = std::move(functions)](std::stop_token stop) mutable {
    for (auto& function : functions) {
      if (stop.stop_requested()) return;
      function();
    }
  });
}

/// The same on the default pool.
inline Deferred<void> call_multiple_in_thread(std::vector<std::move_only_function<void()>> functions) {
  return call_multiple_in_thread(Reactor::required("call_multiple_in_thread").thread_pool(), std::move(functions));
}

}  // namespace torc
