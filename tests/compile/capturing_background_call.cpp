// What is called on a background reactor is gone when it has returned a Deferred.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

int ask(torc::BackgroundReactor& background, int offset) {
#ifdef REFUSED
  return background.call_and_wait(std::chrono::seconds(1), [offset]() -> torc::Deferred<int> {
#else
  return background.call_and_wait(std::chrono::seconds(1), [offset](this auto) -> torc::Deferred<int> {
#endif
    co_return offset + co_await torc::succeed(1);
  });
}
