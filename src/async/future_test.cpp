#include <torc/async/future.hpp>

#include <torc/async/background.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

namespace torc {
namespace {

using namespace std::chrono_literals;

bool ready(const auto& future) { return future.wait_for(0s) == std::future_status::ready; }

TEST(ToFuture, GivesTheValueToAThreadThatBlocks) {
  testing::Clock clock;
  auto [d, promise] = make_deferred<std::unique_ptr<int>>();
  auto future = to_future(std::move(d));
  EXPECT_FALSE(ready(future));
  int got = 0;
  std::thread blocked([&] { got = *future.get(); });
  promise.set_value(std::make_unique<int>(7));
  blocked.join();
  EXPECT_EQ(got, 7);
}

TEST(ToFuture, ThrowsWhatTheDeferredFailsWith) {
  testing::Clock clock;
  auto future = to_future(sleep(1s).then([]() -> void { throw std::runtime_error("no luck"); }));
  clock.advance(1s);
  EXPECT_THROW(future.get(), std::runtime_error);
}

TEST(ToFuture, DroppingTheFutureLeavesTheOperationAlone) {
  testing::Clock clock;
  bool ran = false;
  { const auto dropped = to_future(sleep(1s).then([&] { ran = true; })); }
  clock.advance(1s);
  EXPECT_TRUE(ran);
}

TEST(ToFuture, IsBrokenWhenTheOperationIsDropped) {
  std::future<void> future;
  {
    testing::Clock clock;
    future = to_future(sleep(1s));
  }
  EXPECT_THROW(future.get(), std::future_error);
}

}  // namespace
}  // namespace torc
