#include <torc/reactor/from_future.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/reactor/run.hpp>

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

namespace torc {
namespace {

TEST(FromFuture, GivesTheValueOrTheErrorOfAFuture) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    ThreadPool pool({.name = "futures", .max = 2});
    std::promise<int> later;
    auto waits = from_future(pool, later.get_future());
    EXPECT_TRUE(waits.pending());
    later.set_value(7);
    EXPECT_EQ(co_await waits, 7);
    std::promise<void> bad;
    bad.set_exception(std::make_exception_ptr(std::runtime_error("no luck")));
    const Outcome<void> outcome = co_await as_outcome(from_future(pool, bad.get_future()));
    EXPECT_EQ(outcome.error().message(), "no luck");
  }), 0);
}

}  // namespace
}  // namespace torc
