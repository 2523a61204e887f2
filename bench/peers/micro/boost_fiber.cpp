// Boost.Fiber: its own scheduler, stacks from a pool.
#include <boost/fiber/all.hpp>

#include "../../micro.hpp"

MICRO_MAIN

namespace {

namespace fibers = boost::fibers;

const micro::Row fiber_switch("fiber_switch", [](micro::Run& run) {
  const auto body = [&] {
    for (long i = 0; i < run.count() / 2; ++i) boost::this_fiber::yield();
  };
  fibers::fiber one(fibers::launch::post, body), other(fibers::launch::post, body);
  const auto measured = run.measure();
  one.join();
  other.join();
});

const micro::Row fiber_run("fiber_run", [](micro::Run& run) {
  fibers::pooled_fixedsize_stack stacks(256 * 1024);
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    int result = 0;
    fibers::fiber(fibers::launch::dispatch, std::allocator_arg, stacks, [&] { result = 1; }).join();
    micro::keep(result);
  }
});

const micro::Row rendezvous("rendezvous", [](micro::Run& run) {
  fibers::unbuffered_channel<long> channel;
  long received = 0;
  fibers::fiber receiver(fibers::launch::post, [&] {
    for (long i = 0; i < run.count(); ++i) received += channel.value_pop();
  });
  fibers::fiber sender(fibers::launch::post, [&] {
    for (long i = 0; i < run.count(); ++i) channel.push(1);
  });
  const auto measured = run.measure();
  receiver.join();
  sender.join();
});

}  // namespace
