#include <torc/async/pool.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

namespace torc {
namespace {

TEST(MemoryPool, GivesBlocksOfEverySizeThatDoNotOverlap) {
  std::vector<char*> blocks;
  for (std::size_t size = 1; size <= 2048; ++size) {
    blocks.push_back(static_cast<char*>(detail::pool_allocate(size)));
    std::memset(blocks.back(), static_cast<int>(size % 251), size);
  }
  for (std::size_t size = 1; size <= 2048; ++size) {
    const char* const block = blocks[size - 1];
    EXPECT_EQ(block[0], static_cast<char>(size % 251));
    EXPECT_EQ(block[size - 1], static_cast<char>(size % 251));
    detail::pool_release(blocks[size - 1], size);
  }
}

TEST(MemoryPool, GivesTheLastBlockOfASizeAgain) {
#ifdef TORC_POOL_OFF
  GTEST_SKIP() << "the pool is off under AddressSanitizer";
#endif
  void* const block = detail::pool_allocate(100);
  detail::pool_release(block, 100);
  void* const again = detail::pool_allocate(120);  // of the same class
  EXPECT_EQ(again, block);
  detail::pool_release(again, 120);
}

TEST(MemoryPool, TakesBlocksOfOtherThreads) {
  void* block = nullptr;
  std::thread([&] { block = detail::pool_allocate(64); }).join();
  detail::pool_release(block, 64);
  std::thread([mine = detail::pool_allocate(64)] { detail::pool_release(mine, 64); }).join();
}

}  // namespace
}  // namespace torc
