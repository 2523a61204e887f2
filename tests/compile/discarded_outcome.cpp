// Asking for the outcome instead of an exception, and then not looking, would lose the error.
// refused: ignoring return value of function declared with 'nodiscard' attribute
#include <torc/torc.hpp>

torc::Deferred<bool> try_it(torc::Deferred<int> number) {
#ifdef REFUSED
  co_await torc::as_outcome(std::move(number));
  co_return true;
#else
  const auto outcome = co_await torc::as_outcome(std::move(number));
  co_return outcome.has_value();
#endif
}
