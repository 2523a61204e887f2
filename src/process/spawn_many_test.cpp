#include <torc/process/child.hpp>

#include "process/test_children.hpp"

#include <torc/async/task_set.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

namespace torc::process {
namespace {

#if __has_feature(thread_sanitizer)
constexpr int kSpawns = 200;  // each a fork of all that the sanitizer keeps
#elif __has_feature(address_sanitizer) || !defined(__OPTIMIZE__)
constexpr int kSpawns = 1'000;
#else
constexpr int kSpawns = 10'000;
#endif
constexpr int kAtOnce = 16;

Deferred<void> some(int& left, int& ended) {
  while (left-- > 0) {
    auto child = spawn({"/bin/true"});
    if (left % 3 == 0) continue;  // its owner goes
    if (co_await child.wait()) ++ended;
  }
}

TEST(SpawningMany, LeavesNoZombieAndNoDescriptor) {
  if (kSpawns < 10'000) std::printf("%d spawns here; 10000 in an optimised build\n", kSpawns);
  const auto before = open_descriptors();
  on_reactor([&](this auto) -> Deferred<void> {
    int left = kSpawns, ended = 0;
    std::size_t most = 0;
    TaskGroup group;
    for (int i = 0; i < kAtOnce; ++i) group.spawn(some(left, ended));
    auto all = group.join();
    while (all.pending()) {
      most = std::max(most, children());
      co_await sleep(std::chrono::milliseconds(20));
    }
    co_await all;
    co_await until([] { return children() == 0; });
    EXPECT_GE(ended, kSpawns * 2 / 3 - kAtOnce);
    EXPECT_LE(most, static_cast<std::size_t>(4 * kAtOnce));
  }, std::chrono::seconds(50));
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace torc::process
