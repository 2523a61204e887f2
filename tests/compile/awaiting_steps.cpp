// Steps wait with co_yield: the wait is the end of a step.
// refused: call to deleted member function 'await_transform'
#include <torc/torc.hpp>

torc::Steps nap() {
#ifdef REFUSED
  co_await torc::sleep(std::chrono::seconds(1));
#else
  co_yield torc::sleep(std::chrono::seconds(1));
#endif
}
