#include "async/fiber_overflow.hpp"

#include <torc/async/fiber.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace torc {
namespace {

[[clang::noinline]] int recurse(volatile char* above, int depth) {
  volatile char frame[4096];
  frame[0] = above[0];
  return depth == 0 ? frame[0] : recurse(frame, depth - 1) + frame[1];
}

TEST(FiberDeathTest, AnOverflowNamesTheFiber) {
  char start[1] = {0};
  EXPECT_DEATH(static_cast<void>(defer_to_fiber([&] { return recurse(start, 100'000); }).take()),
               "stack overflow in the fiber begun at .*fiber_overflow_test.cpp:[0-9]+: it needs more than its 256 KiB");
}

TEST(FiberDeathTest, ASegmentationFaultThatIsSentStillEndsTheProcess) {
  EXPECT_EXIT(
      {
        static_cast<void>(defer_to_fiber([] {}).take());
        ::raise(SIGSEGV);
        std::exit(0);
      },
      [](int status) { return status != 0; }, "");
}

}  // namespace
}  // namespace torc
