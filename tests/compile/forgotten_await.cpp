// A Deferred is not its value: the loop that forgets to wait does not compile.
// refused: is not contextually convertible to 'bool'
#include <torc/torc.hpp>

torc::Deferred<void> echo(torc::Stream s) {
#ifdef REFUSED
  while (auto chunk = s.read_some()) co_await s.write("?");
#else
  while (auto chunk = co_await s.read_some()) co_await s.write(*chunk);
#endif
}
