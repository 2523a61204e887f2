#include <torc/reactor/run.hpp>

#include <torc/base/errors.hpp>
#include <torc/reactor/signals.hpp>

#include <csignal>

namespace torc::detail {

int run_main(std::move_only_function<Deferred<int>()> main) {
  Reactor reactor;
  int status = 0;
  int signal = 0;  // the one that asked us to end
  Deferred<void> running = succeed();

  const auto on_signal = [&](int number) {
    if (signal != 0) {
      status = 128 + number;
      return reactor.crash();
    }
    signal = number;
    running.cancel();
  };
  const SignalWatch interrupt(reactor, SIGINT, [&] { on_signal(SIGINT); });
  const SignalWatch terminate(reactor, SIGTERM, [&] { on_signal(SIGTERM); });

  const auto started = [&] {
    try {
      return main();
    } catch (...) {  // it is no coroutine
      return fail<int>(Failure::current());
    }
  };
  reactor.call_when_running([&] {
    running = started().then_outcome([&](Outcome<int> outcome) {
      if (outcome) {
        status = *outcome;
      } else if (!(signal != 0 && outcome.error().check<Cancelled>())) {
        report_unhandled(outcome.error(), "in the program's main");
        status = 1;
      }
      reactor.stop();
    });
  });
  reactor.run();
  {
    // What a second signal cut off is torn down here, in its reactor.
    const Scheduler::Enter enter(&reactor);
    running = succeed();
  }
  return status;
}

}  // namespace torc::detail
