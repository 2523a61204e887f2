// A LoopingCall may be destroyed while its call waits.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

class Clock {
 public:
#ifdef REFUSED
  Clock() : tick_([this]() -> torc::Deferred<void> {
#else
  Clock() : tick_([this](this auto) -> torc::Deferred<void> {
#endif
    co_await torc::sleep(std::chrono::milliseconds(1));
    ++count_;
  }) {}

 private:
  int count_ = 0;
  torc::LoopingCall tick_;
};
