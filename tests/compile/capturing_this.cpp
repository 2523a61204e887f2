// Capturing `this` is capturing: the pointer lies in the closure.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

class Counter {
 public:
  torc::Deferred<int> next() {
#ifdef REFUSED
    return [this]() -> torc::Deferred<int> {
#else
    return [this](this auto) -> torc::Deferred<int> {
#endif
      co_await torc::sleep(std::chrono::seconds(1));
      co_return ++count_;
    }();
  }

 private:
  int count_ = 0;
};
