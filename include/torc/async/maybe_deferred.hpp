// maybe_deferred: calls a function that may be synchronous or not and gives a Deferred either way.
//
// For code that calls what others wrote: handlers, hooks, plug-ins. A ready result allocates nothing.
#pragma once

#include <torc/async/deferred.hpp>

#include <type_traits>
#include <utility>

namespace torc {

namespace detail {

/// What calling F gives, seen as a stage: Deferred<U> and Outcome<U> give U, Failure gives nothing.
template <class F, class... Args>
using MaybeDeferred =
    typename Agreed<typename ResultOf<std::decay_t<std::invoke_result_t<F&, Args...>>>::type, Never>::type;

}  // namespace detail

/// Calls `f(args...)` at once. A value, nothing, an Outcome, a Failure (of a Deferred<void>) and
/// whatever it throws become a Deferred that has fired; a Deferred is passed on as it is.
template <class F, class... Args>
auto maybe_deferred(F&& f, Args&&... args) -> Deferred<detail::MaybeDeferred<F, Args...>> {
  using U = detail::MaybeDeferred<F, Args...>;
  try {
    return detail::call_stage<U>(f, std::forward<Args>(args)...);
  } catch (...) {
    return fail<U>(Failure::current());
  }
}

}  // namespace torc
