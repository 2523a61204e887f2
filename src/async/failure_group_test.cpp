#include <torc/async/failure_group.hpp>

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace torc {
namespace {

TEST(FailureGroup, SaysHowManyAndTheFirstAndKeepsThemAll) {
  EXPECT_STREQ(FailureGroup({}).what(), "there was nothing to try");
  std::vector<Failure> failures;
  failures.emplace_back(TimeoutError("slow"));
  EXPECT_STREQ(FailureGroup(failures).what(), "the only try failed: slow");
  failures.emplace_back(Error("broken"));
  const Failure failure{FailureGroup(std::move(failures))};
  EXPECT_EQ(failure.message(), "all 2 failed, the first with: slow");
  const auto* const group = failure.get<FailureGroup>();
  ASSERT_NE(group, nullptr);
  ASSERT_EQ(group->failures().size(), 2u);
  EXPECT_TRUE(group->failures()[0].check<TimeoutError>());
  EXPECT_EQ(group->failures()[1].message(), "broken");
}

}  // namespace
}  // namespace torc
