// A stage that is a coroutine: then() drops the function when it has returned, at its first wait.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

torc::Deferred<int> add(int offset, torc::Deferred<int> number) {
  return std::move(number).then(
#ifdef REFUSED
      [offset](int n) -> torc::Deferred<int> {
#else
      [offset](this auto, int n) -> torc::Deferred<int> {
#endif
        co_await torc::sleep(std::chrono::seconds(1));
        co_return offset + n;
      });
}
