// Each attempt is a call of the function, which retry keeps only as long as it may call again.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>
#include <torc/async/retry.hpp>

torc::Deferred<int> insist(int number) {
#ifdef REFUSED
  return torc::retry({}, [number]() -> torc::Deferred<int> { co_return number + co_await torc::succeed(1); });
#else
  return torc::retry({}, [number](this auto) -> torc::Deferred<int> { co_return number + co_await torc::succeed(1); });
#endif
}
