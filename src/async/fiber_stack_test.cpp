#include "async/fiber_stack.hpp"

#include <torc/async/fiber.hpp>
#include <torc/base/errors.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <utility>

namespace torc {
namespace {

TEST(Fiber, StacksAreReused) {
  const std::size_t before = fiber_stacks().in_use;
  for (int i = 0; i < 1000; ++i) static_cast<void>(defer_to_fiber([] {}).take());
  EXPECT_EQ(fiber_stacks().in_use, before);
  EXPECT_GE(fiber_stacks().kept, 1u);
  EXPECT_GT(fiber_stacks().high_water, 0u);
}

TEST(Fiber, RunningOutOfMappingsIsAnErrorThatNamesTheLimit) {
  auto fiber = defer_to_fiber([] {}, {.stack_size = std::size_t{1} << 47});
  const Failure failure = std::move(fiber.take()).error();
  EXPECT_TRUE(failure.check<SystemError>());
  EXPECT_THAT(failure.message(), ::testing::HasSubstr("vm.max_map_count"));
}

[[clang::noinline]] int recurse(volatile char* above, int depth) {
  volatile char frame[4096];
  frame[0] = above[0];
  return depth == 0 ? frame[0] : recurse(frame, depth - 1) + frame[1];
}

TEST(Fiber, AStackIsAsLargeAsAsked) {
  char start[1] = {0};
  auto deep = defer_to_fiber([&] { return recurse(start, 700); }, {.stack_size = 16 << 20});
  EXPECT_TRUE(deep.take().has_value());
}

}  // namespace
}  // namespace torc
