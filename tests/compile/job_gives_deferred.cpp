// A job blocks its thread until it has its result: there is no loop on it that could fire a Deferred.
// refused: a job blocks its thread until it has its result: it cannot give a Deferred
#include <torc/torc.hpp>

torc::Deferred<int> compute(torc::Reactor& reactor) {
#ifdef REFUSED
  return torc::defer_to_thread([] { return torc::succeed(7); });
#else
  return torc::defer_to_thread([&reactor] {
    return torc::blocking_call_from_thread(reactor, std::chrono::seconds(1), [] { return torc::succeed(7); });
  });
#endif
  static_cast<void>(reactor);
}
