// KJ (libcapnp-dev).
#include <kj/async.h>
#include <kj/mutex.h>
#include <kj/thread.h>

#include "../../micro.hpp"

MICRO_MAIN

namespace {

const micro::Row fire_three("fire_three", [](micro::Run& run) {
  kj::EventLoop loop;
  kj::WaitScope scope(loop);
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    auto pair = kj::newPromiseAndFulfiller<int>();
    auto end = pair.promise.then([](int n) { return n + 1; }).then([](int n) { return n + 1; }).then([](int n) {
      return n + 1;
    });
    pair.fulfiller->fulfill(1);
    micro::keep(end.wait(scope));
  }
});

// wait(), for want of coroutines.
const micro::Row await_ready("await_ready", [](micro::Run& run) {
  kj::EventLoop loop;
  kj::WaitScope scope(loop);
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    kj::Promise<int> ready(1);
    micro::keep(ready.wait(scope));
  }
});

// Two threads: an executor answers each call, which its own thread could not wait for.
const micro::Row thread_call("thread_call", [](micro::Run& run) {
  kj::EventLoop loop;
  kj::WaitScope scope(loop);
  kj::MutexGuarded<const kj::Executor*> announced(nullptr);
  kj::Own<kj::PromiseFulfiller<void>> end;
  kj::Thread thread([&] {
    kj::EventLoop other;
    kj::WaitScope other_scope(other);
    auto pair = kj::newPromiseAndFulfiller<void>();
    end = kj::mv(pair.fulfiller);
    *announced.lockExclusive() = &kj::getCurrentThreadExecutor();
    pair.promise.wait(other_scope);
  });
  const kj::Executor& executor =
      *announced.when([](auto* found) { return found != nullptr; }, [](auto* found) { return found; });
  long ran = 0;
  {
    const auto measured = run.measure();
    while (ran < run.count()) {
      auto calls = kj::heapArrayBuilder<kj::Promise<void>>(micro::kBatch);
      for (long i = 0; i < micro::kBatch; ++i) calls.add(executor.executeAsync([&ran] { ++ran; }));
      for (auto& call : calls) call.wait(scope);
    }
  }
  executor.executeSync([&] { end->fulfill(); });
});

const micro::Row fiber_run("fiber_run", [](micro::Run& run) {
  kj::EventLoop loop;
  kj::WaitScope scope(loop);
  kj::FiberPool pool(256 * 1024);
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    micro::keep(pool.startFiber([](kj::WaitScope&) { return 1; }).wait(scope));
  }
});

}  // namespace
