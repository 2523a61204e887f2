#include <torc/async/stop_token.hpp>

#include <torc/async/promise.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace torc {
namespace {

TEST(StopToken, ARequestCancels) {
  std::stop_source source;
  auto [d, promise] = make_deferred<int>();
  auto result = with_stop_token(source.get_token(), std::move(d));
  EXPECT_TRUE(result.pending());
  source.request_stop();
  EXPECT_FALSE(promise.wanted());
  EXPECT_TRUE(result.take().error().check<Cancelled>());
}

TEST(StopToken, ARequestMadeEarlierCancelsAtOnceButReadyResultsPass) {
  std::stop_source source;
  source.request_stop();
  auto [d, promise] = make_deferred<int>();
  EXPECT_TRUE(with_stop_token(source.get_token(), std::move(d)).take().error().check<Cancelled>());
  EXPECT_EQ(with_stop_token(source.get_token(), succeed(1)).take().value(), 1);
}

TEST(StopToken, WithoutARequestTheResultPasses) {
  std::stop_source source;
  auto [d, promise] = make_deferred<int>();
  auto result = with_stop_token(source.get_token(), std::move(d));
  promise.set_value(2);
  source.request_stop();
  EXPECT_EQ(result.take().value(), 2);
  auto [e, other] = make_deferred<int>();
  auto unstoppable = with_stop_token(std::stop_token(), std::move(e));
  other.set_value(3);
  EXPECT_EQ(unstoppable.take().value(), 3);
}

TEST(StopToken, WhoIsToldMayDestroyTheSourceAndTheOwner) {
  auto source = std::make_unique<std::stop_source>();
  auto [d, promise] = make_deferred<void>();
  std::unique_ptr<Deferred<void>> owner;
  const std::stop_source kept = *source;
  owner = std::make_unique<Deferred<void>>(
      with_stop_token(source->get_token(), std::move(d)).then([] {}, [&](Failure) {
        source.reset();
        owner.reset();
      }));
  source->request_stop();
  EXPECT_EQ(owner, nullptr);
}

TEST(StopToken, DroppingUnregisters) {
  std::stop_source source;
  auto [d, promise] = make_deferred<int>();
  { auto result = with_stop_token(source.get_token(), std::move(d)); }
  EXPECT_FALSE(promise.wanted());
  source.request_stop();
}

void stop_from_another_thread() {
  std::stop_source source;
  auto [d, promise] = make_deferred<int>();
  auto result = with_stop_token(source.get_token(), std::move(d));
  std::jthread([&] { source.request_stop(); }).join();
}

TEST(StopTokenDeathTest, ARequestOnAnotherThreadIsAProgrammingError) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(stop_from_another_thread(), "call_from_thread");
}

}  // namespace
}  // namespace torc
