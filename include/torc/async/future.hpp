// to_future: a Deferred's result for code that blocks on a std::future.
//
//   std::future<int> n = torc::to_future(compute());   // on the reactor's thread; get() on another
//
// A std::future cannot be asked to call back, so the way from one to a Deferred needs a thread that waits:
// from_future in torc/reactor/from_future.hpp.
#pragma once

#include <torc/async/deferred.hpp>

#include <future>
#include <type_traits>
#include <utility>

namespace torc {

/// Gives what `result` gives, or throws what it fails with. The operation goes to the background of the current
/// scheduler: dropping the future does not end it, and a failure that nobody gets is not logged. When the operation
/// is dropped, the future throws std::future_error (broken_promise).
/// get() and wait() on the thread that has to fire `result` never return: call them on another.
template <class T>
std::future<T> to_future(Deferred<T> result) {
  std::promise<T> promise;
  std::future<T> future = promise.get_future();
  std::move(result)
      .then_outcome([promise = std::move(promise)](Outcome<T> outcome) mutable {
        if (!outcome) {
          promise.set_exception(outcome.error().exception());
        } else if constexpr (std::is_void_v<T>) {
          promise.set_value();
        } else {
          promise.set_value(*std::move(outcome));
        }
      })
      .detach();
  return future;
}

}  // namespace torc
