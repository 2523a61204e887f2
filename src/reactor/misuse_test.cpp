// Blocking and asynchronous code mixed the wrong way: every program gets an explanation, none hangs.
#include <torc/async/channel.hpp>
#include <torc/async/coroutine.hpp>
#include <torc/async/fiber.hpp>
#include <torc/async/future.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/reactor/background_reactor.hpp>
#include <torc/reactor/blocking_call.hpp>
#include <torc/reactor/run.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>

namespace torc {
namespace {

using namespace std::chrono_literals;

struct Misuse {
  const char* name;
  int (*program)();
  const char* explanation;
};
void PrintTo(const Misuse& misuse, std::ostream* out) { *out << misuse.name; }

// Ends the program when a loop is reported to be blocked: nothing else would.
struct EndsWhenBlocked final : log::Sink {
  void write(const LogRecord& record) override {
    log::stderr_sink().write(record);
    if (record.component == "reactor") ::_exit(1);
  }
};

Deferred<void> waits_in_a_coroutine() {
  await(sleep(1s));
  co_return;
}

const Misuse kMisuses[] = {
    {"WaitingForAnEventualResultOnTheLoop", [] {
       BackgroundReactor background;
       auto one = background.call([] { return 1; });
       return background.call([&] { return one.wait(60s); }).wait(60s);
     }, "waiting for a result of a reactor was called on a reactor's own thread|reactor's own thread: the loop cannot turn"},
    {"ABlockingCallOnTheLoop", [] {
       return run([]() -> Deferred<void> {
         blocking_call_from_thread(*Reactor::current(), 60s, [] {});
         co_return;
       });
     }, "blocking_call_from_thread was called on a reactor's own thread"},
    {"RunInsideRun", [] {
       return run([]() -> Deferred<int> { co_return run([]() -> Deferred<void> { co_return; }); });
     }, "Reactor::run\\(\\) was called while a reactor runs"},
    {"AwaitOutsideAFiber", [] {
       return run([]() -> Deferred<void> { await(sleep(1s)); return succeed(); });
     }, "await\\(\\) was called outside a fiber: use co_await in a coroutine"},
    {"AwaitInACoroutineOfAFiber", [] {
       return run([] { return defer_to_fiber([] { await(waits_in_a_coroutine()); }); });
     }, "await\\(\\) was called inside a coroutine or a callback that a fiber runs"},
    {"GetOfAStdFutureOnTheLoop", [] {
       log::set_sink(std::make_shared<EndsWhenBlocked>());
       return run([]() -> Deferred<void> {
         to_future(sleep(1ms)).get();
         co_return;
       });
     }, "the loop of thread .* is blocked"},
    {"ABackgroundReactorDestroyedOnItsThread", [] {
       auto background = std::make_unique<BackgroundReactor>();
       auto& it = *background;
       it.call([&] { background.reset(); }).wait(60s);
       return 0;
     }, "a BackgroundReactor was destroyed on its own thread"},
    {"AChannelThatNobodyServes", [] {
       return run([]() -> Deferred<void> {
         Channel<int> channel;
         co_await channel.receive();
       });
     }, "nobody is left who could come to the channel"},
    {"SleepWithoutAScheduler", [] { return sleep(1s).fired() ? 0 : 1; }, "sleep needs a running scheduler"},
    {"ATimeLimitWithoutAScheduler", [] { return with_timeout(1s, until_cancelled()).fired() ? 0 : 1; },
     "with_timeout needs a running scheduler"},
    {"APromiseFiredTwice", [] {
       auto [deferred, promise] = make_deferred<int>();
       promise.set_value(1);
       promise.set_value(2);
       return deferred.take().value();
     }, "fired"},
};

class MisuseDeathTest : public ::testing::TestWithParam<Misuse> {};
INSTANTIATE_TEST_SUITE_P(Programs, MisuseDeathTest, ::testing::ValuesIn(kMisuses),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(MisuseDeathTest, IsExplainedAndDoesNotHang) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer supports no threads in a forked child, where these programs run";
#endif
  const auto program = [] {
    ::alarm(40);  // a hang ends without the explanation
    std::exit(GetParam().program());
  };
  EXPECT_EXIT(program(), [](int status) { return status != 0; }, GetParam().explanation);
}

}  // namespace
}  // namespace torc
