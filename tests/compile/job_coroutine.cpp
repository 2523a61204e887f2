// A job that is a coroutine would go on after its thread, and without its captures.
// refused: a job blocks its thread until it has its result: it cannot give a Deferred
#include <torc/torc.hpp>

torc::Deferred<int> compute(int offset) {
#ifdef REFUSED
  return torc::defer_to_thread([offset]() -> torc::Deferred<int> { co_return offset + co_await torc::succeed(1); });
#else
  return torc::defer_to_thread([offset] { return offset + 1; });
#endif
}
