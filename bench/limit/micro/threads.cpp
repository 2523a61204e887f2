// A vector of closures behind a mutex.
#include <functional>
#include <mutex>

#include "../../micro.hpp"

namespace {

const micro::Row thread_call("thread_call", [](micro::Run& run) {
  const bench::Sleeper sleeper;
  std::mutex mutex;
  std::vector<std::move_only_function<void()>> calls, running;
  const auto call = [&](std::move_only_function<void()> f) {
    const std::lock_guard lock(mutex);
    calls.push_back(std::move(f));
  };
  long ran = 0;
  const auto measured = run.measure();
  while (ran < run.count()) {
    for (long i = 0; i < micro::kBatch; ++i) call([&ran] { ++ran; });
    {
      const std::lock_guard lock(mutex);
      running.swap(calls);
    }
    for (auto& f : running) f();
    running.clear();
  }
});

}  // namespace
