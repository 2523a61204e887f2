// A task set owns what the lambda gave, not the lambda.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

void start(torc::TaskSet& tasks, torc::Stream& stream) {
#ifdef REFUSED
  tasks.spawn([&stream]() -> torc::Deferred<void> { co_await stream.write("hello"); }());
#else
  tasks.spawn([&stream](this auto) -> torc::Deferred<void> { co_await stream.write("hello"); }());
#endif
}
