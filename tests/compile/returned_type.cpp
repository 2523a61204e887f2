// A coroutine returns its value or a Failure.
// refused: no matching member function for call to 'return_value'
#include <torc/torc.hpp>

#include <string>

torc::Deferred<std::string> named(bool known) {
#ifdef REFUSED
  if (!known) co_return -1;
#else
  if (!known) co_return torc::Failure(torc::Error("nobody knows it"));
#endif
  co_return "its name";
}
