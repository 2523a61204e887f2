// The handle of a delayed call owns it: dropped at once, the call would never be made.
// refused: ignoring return value of function declared with 'nodiscard' attribute
#include <torc/torc.hpp>

void remind(torc::Reactor& reactor) {
#ifdef REFUSED
  reactor.call_later(std::chrono::seconds(1), [] {});
#else
  reactor.call_later(std::chrono::seconds(1), [] {}).detach();
#endif
}
