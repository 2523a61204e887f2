// Fibers and channels, under a scheduler whose turns are run here.
#include <torc/async/channel.hpp>
#include <torc/async/fiber.hpp>
#include <torc/async/task_set.hpp>
#include <torc/testing/clock.hpp>

#include <cstdlib>

#include "../../micro.hpp"

namespace {

using torc::await;

const micro::Row fiber_switch("fiber_switch", [](micro::Run& run) {
  torc::testing::Clock clock;
  torc::TaskSet set;
  int running = 2;
  for (int fiber = 0; fiber < 2; ++fiber) {
    set.spawn_fiber([&] {
      for (long i = 0; i < run.count() / 2; ++i) await(torc::yield());
      --running;
    });
  }
  const auto measured = run.measure();
  while (running > 0) clock.turn();
});

const micro::Row fiber_run("fiber_run", [](micro::Run& run) {
  torc::testing::Clock clock;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    auto result = torc::defer_to_fiber([] { return 1; });
    micro::keep(result.take());
  }
});

const micro::Row rendezvous("rendezvous", [](micro::Run& run) {
  torc::testing::Clock clock;
  torc::Channel<long> channel;
  torc::TaskSet set;
  long received = 0;
  bool began = false;  // both fibers run as far as they can as soon as they are begun
  set.spawn_fiber([&] {
    while (!began) await(torc::yield());
    for (long i = 0; i < run.count(); ++i) received += await(channel.receive());
  });
  set.spawn_fiber([&] {
    while (!began) await(torc::yield());
    for (long i = 0; i < run.count(); ++i) await(channel.send(1));
  });
  began = true;
  const auto measured = run.measure();
  while (received < run.count()) clock.turn();
});

}  // namespace
