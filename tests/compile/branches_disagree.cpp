// Both functions of then() give the same type, or one of them only failures.
// refused: both functions of then(on_value, on_error) must give the same type, or one a Failure
#include <torc/torc.hpp>

#include <string>

auto described(torc::Deferred<int> number) {
  return std::move(number).then([](int n) { return std::to_string(n); },
#ifdef REFUSED
                                [](torc::Failure) { return -1; });
#else
                                [](torc::Failure failure) { return failure.message(); });
#endif
}

auto counted(torc::Deferred<int> number) {
  return std::move(number).then([](int n) { return n; },
                                [](torc::Failure failure) { return failure.note("counting"); });
}
