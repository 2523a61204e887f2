// A Deferred has one consumer: a stage takes it over.
// refused: expects an rvalue for object argument
#include <torc/torc.hpp>

auto doubled(torc::Deferred<int> number) {
#ifdef REFUSED
  return number.then([](int n) { return 2 * n; });
#else
  return std::move(number).then([](int n) { return 2 * n; });
#endif
}
