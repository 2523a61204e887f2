#include <torc/async/pool.hpp>

#include <cstdlib>
#include <new>
#include <utility>

namespace torc::detail {

constinit thread_local PoolLists pool_lists{};

namespace {

[[maybe_unused]] constexpr unsigned kKept = 256;  // blocks a list keeps, so at most 2 MiB a thread

enum class Lists { kUnused, kInUse, kClosed };
constinit thread_local Lists state = Lists::kUnused;

// Gives the blocks back when the thread ends.
struct Closer {
  ~Closer() {
    state = Lists::kClosed;
    for (auto& room : pool_lists.room) room = 0;
    for (PoolBlock*& block : pool_lists.head) {
      while (block) std::free(std::exchange(block, block->next));
    }
  }
};

}  // namespace

void* pool_allocate_slowly(std::size_t size) {
  const std::size_t index = (size - 1) / PoolLists::kGrain;
  if (index < PoolLists::kClasses) size = (index + 1) * PoolLists::kGrain;
  void* const block = std::malloc(size);
  if (!block) throw std::bad_alloc();
  return block;
}

void pool_release_slowly(void* block, [[maybe_unused]] std::size_t size) noexcept {
#ifndef TORC_POOL_OFF
  const std::size_t index = (size - 1) / PoolLists::kGrain;
  if (state == Lists::kUnused && index < PoolLists::kClasses) {
    state = Lists::kInUse;
    static thread_local const Closer closer;
    static_cast<void>(closer);
    for (auto& room : pool_lists.room) room = kKept;
    return pool_release(block, size);
  }
#endif
  std::free(block);
}

}  // namespace torc::detail
