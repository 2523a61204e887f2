// Results and coroutines.
#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>

#include "../../micro.hpp"

namespace {

using torc::Deferred;

const micro::Row fire_three("fire_three", [](micro::Run& run) {
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    auto [deferred, promise] = torc::make_deferred<int>();
    auto end = std::move(deferred)
                   .then([](int n) { return n + 1; })
                   .then([](int n) { return n + 1; })
                   .then([](int n) { return n + 1; });
    promise.set_value(1);
    micro::keep(end.take());
  }
});

Deferred<void> await_values(micro::Run& run) {
  int sum = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    sum += co_await torc::succeed(1);
    micro::keep(sum);
  }
}
const micro::Row await_ready("await_ready", [](micro::Run& run) { await_values(run).take().value(); });

[[gnu::noinline]] Deferred<int> one() { co_return 1; }

Deferred<void> await_coroutines(micro::Run& run) {
  int sum = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    sum += co_await one();
    micro::keep(sum);
  }
}
const micro::Row await_coroutine("await_coroutine", [](micro::Run& run) { await_coroutines(run).take().value(); });

}  // namespace
