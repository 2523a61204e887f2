// An error through four coroutines: thrown by each, or passed on as a value.
#include <torc/base/traceback.hpp>

#include "../../failing.hpp"
#include "../../micro.hpp"

namespace {

template <auto Function>
void fail(micro::Run& run) {
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    auto outcome = Function(bench::kLevels).take();
    micro::keep(outcome.has_value());
  }
}

const micro::Row value("error_value", [](micro::Run& run) { fail<bench::passed>(run); });
const micro::Row with_traceback("error_thrown_traceback", [](micro::Run& run) { fail<bench::thrown>(run); });
const micro::Row without("error_thrown", [](micro::Run& run) {
  torc::set_throw_tracebacks(false);
  fail<bench::thrown>(run);
});

}  // namespace
