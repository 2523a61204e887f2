#include <torc/async/operation.hpp>

#include <torc/async/promise.hpp>
#include <torc/base/errors.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace torc {
namespace {

TEST(Deferred, AStageMayDestroyTheChainItRunsIn) {
  auto [d, promise] = make_deferred<int>();
  std::unique_ptr<Deferred<void>> chain;
  auto witness = std::make_shared<int>(1);
  chain = std::make_unique<Deferred<void>>(std::move(d).then([&chain, witness](int) {
    chain.reset();
    EXPECT_EQ(*witness, 1);  // our own captures are on the runner's stack
  }));
  promise.set_value(1);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(Deferred, FiringInsideAFiringIsQueuedNotNested) {
  std::vector<int> order;
  auto [a, pa] = make_deferred<void>();
  auto [b, pb] = make_deferred<void>();
  auto ca = std::move(a).then([&, &pb = pb] { pb.set_value(); order.push_back(1); });
  auto cb = std::move(b).then([&] { order.push_back(2); });
  pa.set_value();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Deferred, AMillionStagesNeitherRecurseOnFiringNorOnDropping) {
  constexpr int kStages = 1'000'000;
  for (const bool drop : {false, true}) {
    auto [first, promise] = make_deferred<int>();
    Deferred<int> last = std::move(first);
    for (int i = 0; i < kStages; ++i) last = std::move(last).then([](int n) { return n + 1; });
    if (drop) {
      last = succeed(0);
      EXPECT_FALSE(promise.wanted());
    } else {
      promise.set_value(0);
      EXPECT_EQ(last.take().value(), kStages);
    }
  }
}

TEST(Deferred, ABrokenPromiseIsDeliveredInTheNextFiring) {
  auto [d, promise] = make_deferred<int>();
  auto outcome = std::move(d).then_outcome([](Outcome<int> o) { return o.error().check<BrokenPromise>(); });
  { auto gone = std::move(promise); }
  EXPECT_TRUE(outcome.pending());  // a destructor runs nobody's code
  auto [other, poke] = make_deferred<void>();
  poke.set_value();
  EXPECT_TRUE(outcome.take().value());
  static_cast<void>(other.take());
}

}  // namespace
}  // namespace torc
