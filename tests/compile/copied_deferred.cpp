// A Deferred owns its operation, which has one owner.
// refused: call to implicitly-deleted copy constructor of 'torc::Deferred<int>'
#include <torc/torc.hpp>

torc::Deferred<int> pass(torc::Deferred<int>& number) {
#ifdef REFUSED
  return number;
#else
  return std::move(number);
#endif
}
