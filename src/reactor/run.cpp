#include <torc/reactor/run.hpp>

#include "base/escape.hpp"

#include <torc/async/cancel_scope.hpp>
#include <torc/base/errors.hpp>
#include <torc/reactor/signals.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>

namespace torc::detail {

namespace {

// The failure's report, to standard error. A peer's words may be in it: they must not steer a terminal.
void complain(const Failure& failure) {
  const std::string report = failure.report();
  std::string text;
  for (std::size_t at = 0; at < report.size();) {
    const std::size_t end = std::min(report.find('\n', at), report.size());
    append_escaped(text, std::string_view(report).substr(at, end - at));
    text += '\n';
    at = end + 1;
  }
  std::fputs(text.c_str(), stderr);
}

}  // namespace

int run_main(std::move_only_function<Deferred<int>()> main) {
  Reactor reactor;
  int status = 0;
  int signal = 0;  // the one that asked us to end
  CancelScope main_scope;

  const auto on_signal = [&](int number) {
    if (signal != 0) {
      status = 128 + number;
      return reactor.crash();
    }
    signal = number;
    main_scope.cancel();
  };
  const SignalWatch interrupt(reactor, SIGINT, [&] { on_signal(SIGINT); });
  const SignalWatch terminate(reactor, SIGTERM, [&] { on_signal(SIGTERM); });
  reactor.watched_at_rest_ = reactor.watched_;  // these wake nobody who waits for another task

  const auto started = [&] {
    try {
      return main();
    } catch (...) {  // it is no coroutine
      return fail<int>(Failure::current());
    }
  };
  reactor.call_when_running([&] {
    // In the background, so that stop() cancels it and waits until it has cleaned up.
    main_scope.wrap(started())
        .then_outcome([&](Outcome<int> outcome) {
          const bool asked = signal != 0 || !reactor.serving();
          if (outcome) {
            status = *outcome;
          } else if (!(asked && outcome.error().check<Cancelled>()) && !outcome.error().check<ReactorStopped>()) {
            complain(outcome.error());
            status = 1;
          }
          reactor.stop();
        })
        .detach();
  });
  reactor.run();
  return status;
}

}  // namespace torc::detail
