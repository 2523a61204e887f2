// Calls into a reactor from a thread.
#include <torc/reactor/reactor.hpp>

#include <functional>

#include "../../micro.hpp"

namespace {

// One thread, so that the code is measured and not the contention: a batch of calls is made, then they run.
const micro::Row thread_call("thread_call", [](micro::Run& run) {
  const bench::Sleeper sleeper;
  torc::Reactor reactor;
  long ran = 0;
  const std::function<void()> next = [&] {
    if (ran == run.count()) return reactor.stop();
    for (long i = 0; i < micro::kBatch; ++i) reactor.call_from_thread([&ran] { ++ran; });
    reactor.call_when_running([&next] { next(); });
  };
  reactor.call_when_running([&next] { next(); });
  const auto measured = run.measure();
  reactor.run();
});

}  // namespace
