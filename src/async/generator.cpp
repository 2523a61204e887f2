#include <torc/async/generator.hpp>

namespace torc::detail {

Failure generator_busy() {
  return Failure(GeneratorBusy("next() on a generator whose next() before has not ended, or has not been taken"));
}

Failure generator_dropped() { return Failure(BrokenPromise("the generator was dropped during a next()")); }

}  // namespace torc::detail
