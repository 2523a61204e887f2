// An error through four coroutines: thrown by each, or passed on as a value.
#include <torc/async/coroutine.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/traceback.hpp>

#include "../../micro.hpp"

namespace {

using torc::Deferred;
using torc::Error;
using torc::Failure;

constexpr int kLevels = 4;

[[gnu::noinline]] Deferred<int> thrown(int level) {
  if (level == 1) throw Error("the disk is full");
  co_return co_await thrown(level - 1);
}

[[gnu::noinline]] Deferred<int> passed(int level) {
  if (level == 1) co_return Failure(Error("the disk is full"));
  auto outcome = co_await torc::as_outcome(passed(level - 1));
  if (!outcome) co_return std::move(outcome).error();
  co_return *outcome;
}

template <auto Function>
void fail(micro::Run& run) {
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    auto outcome = Function(kLevels).take();
    micro::keep(outcome.has_value());
  }
}

const micro::Row value("error_value", [](micro::Run& run) { fail<passed>(run); });
const micro::Row with_traceback("error_thrown_traceback", [](micro::Run& run) { fail<thrown>(run); });
const micro::Row without("error_thrown", [](micro::Run& run) {
  torc::set_throw_tracebacks(false);
  fail<thrown>(run);
});

}  // namespace
