// Boost.Asio: a single-threaded io_context and concrete executors, the fastest way to use it; thread_call alone has a
// context that other threads may use.
#include <boost/asio.hpp>

#include <deque>
#include <stdexcept>
#include <thread>

#include "../../micro.hpp"
#include "../../micro_timers.hpp"

MICRO_MAIN

namespace {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
using std::chrono::microseconds;

void run_coroutine(Awaitable<void> (*body)(micro::Run&), micro::Run& run) {
  asio::io_context context(1);
  asio::co_spawn(context.get_executor(), body(run), asio::detached);
  context.run();
}

Awaitable<int> one() { co_return 1; }
const micro::Row await_coroutine("await_coroutine", [](micro::Run& run) {
  run_coroutine(
      [](micro::Run& r) -> Awaitable<void> {
        int sum = 0;
        const auto measured = r.measure();
        for (long i = 0; i < r.count(); ++i) sum += co_await one();
        micro::keep(sum);
      },
      run);
});

Awaitable<int> thrown(int level) {
  if (level == 1) throw std::runtime_error("the disk is full");
  co_return co_await thrown(level - 1);
}
const micro::Row error_thrown("error_thrown", [](micro::Run& run) {
  run_coroutine(
      [](micro::Run& r) -> Awaitable<void> {
        const auto measured = r.measure();
        for (long i = 0; i < r.count(); ++i) {
          try {
            micro::keep(co_await thrown(4));
          } catch (const std::exception& e) {
            micro::keep(e);
          }
        }
      },
      run);
});

struct Armed {
  Armed() {
    for (std::size_t i = 0; i < micro::kTimers; ++i) {
      timers.emplace_back(context).expires_after(microseconds(after[i]));
      timers.back().async_wait([](boost::system::error_code) {});
    }
  }
  asio::io_context context{1};
  std::vector<std::int64_t> after = micro::delays();
  std::deque<Timer> timers;
};

const micro::Row add_cancel("timer_cancel", [](micro::Run& run) {
  Armed armed;
  std::size_t next = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    Timer& timer = armed.timers[++next % micro::kTimers];
    timer.cancel();
    timer.expires_after(microseconds(armed.after[micro::other(next)]));
    timer.async_wait([](boost::system::error_code) {});
    armed.context.poll();
  }
});

const micro::Row restart("timer_restart", [](micro::Run& run) {
  Armed armed;
  std::size_t next = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    auto& timer = armed.timers[++next % micro::kTimers];
    timer.expires_after(std::chrono::seconds(60));
    timer.async_wait([](boost::system::error_code) {});
    armed.context.poll();
  }
});

void fire_all(micro::Run& run, bool fire) {
  auto& context = *new asio::io_context(1);
  auto& timers = *new std::deque<Timer>;
  micro::Dues dues;
  long fired = 0;
  for (long i = 0; i < run.count(); ++i) {
    timers.emplace_back(context).expires_after(microseconds(dues.next()));
    timers.back().async_wait([&fired](boost::system::error_code) { ++fired; });
  }
  std::this_thread::sleep_for(2 * microseconds(micro::kSpread));
  const auto measured = run.measure();
  if (!fire) return;
  while (fired < run.count()) context.poll();
}
const micro::Row fire("timer_fire", [](micro::Run& run) { fire_all(run, true); });
const micro::Row fire_base("timer_fire_base", [](micro::Run& run) { fire_all(run, false); });

const micro::Row thread_call("thread_call", [](micro::Run& run) {
  const bench::Sleeper sleeper;
  asio::io_context context;
  auto work = asio::make_work_guard(context);
  long ran = 0;
  const auto measured = run.measure();
  while (ran < run.count()) {
    for (long i = 0; i < micro::kBatch; ++i) asio::post(context.get_executor(), [&ran] { ++ran; });
    context.poll();
  }
});

}  // namespace
