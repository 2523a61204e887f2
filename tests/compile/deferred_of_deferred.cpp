// A Deferred gives a value and not another Deferred: a stage that returns one makes the chain wait for it.
// refused: a Deferred of a Deferred: return the inner one from a stage, or co_await it
#include <torc/torc.hpp>

#ifdef REFUSED
torc::Deferred<torc::Deferred<int>> both(torc::Deferred<int> inner) { return torc::succeed(std::move(inner)); }
#else
torc::Deferred<int> both(torc::Deferred<int> inner) {
  return torc::succeed().then([inner = std::move(inner)]() mutable { return std::move(inner); });
}
#endif
