// A capture with an initialiser owns its value, and the closure owns the capture. What can only be moved is best a
// parameter.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

#include <memory>

torc::Deferred<int> read(std::unique_ptr<int> number) {
#ifdef REFUSED
  return [number = std::move(number)]() -> torc::Deferred<int> { co_return *number + co_await torc::succeed(0); }();
#else
  return [](std::unique_ptr<int> number) -> torc::Deferred<int> {
    co_return *number + co_await torc::succeed(0);
  }(std::move(number));
#endif
}
