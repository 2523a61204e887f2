// Memory for operations and coroutine frames: free lists of each thread by size, up to 1 KiB; malloc above
// that, and for everything under AddressSanitizer, which is to see each use after free.
//
// A thread allocates and frees the same few sizes all the time. Blocks are plain malloc blocks, so one freed on
// another thread simply joins that thread's list. Library code.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define TORC_POOL_OFF 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TORC_POOL_OFF 1
#endif
#endif

namespace torc::detail {

struct PoolBlock {
  PoolBlock* next;
};

struct PoolLists {
  static constexpr std::size_t kGrain = 64, kClasses = 16;

  PoolBlock* head[kClasses];
  /// Blocks a list may still take; 0 before its first and after the thread's last.
  unsigned room[kClasses];
};
extern constinit thread_local PoolLists pool_lists;

/// Where the lists cannot serve.
void* pool_allocate_slowly(std::size_t size);
void pool_release_slowly(void* block, std::size_t size) noexcept;

inline void* pool_allocate(std::size_t size) {
#ifndef TORC_POOL_OFF
  const std::size_t index = (size - 1) / PoolLists::kGrain;
  if (index < PoolLists::kClasses) [[likely]] {
    if (PoolBlock* const block = pool_lists.head[index]) [[likely]] {
      pool_lists.head[index] = block->next;
      ++pool_lists.room[index];
      return block;
    }
  }
#endif
  return pool_allocate_slowly(size);
}

inline void pool_release(void* memory, std::size_t size) noexcept {
#ifndef TORC_POOL_OFF
  const std::size_t index = (size - 1) / PoolLists::kGrain;
  if (index < PoolLists::kClasses && pool_lists.room[index] > 0) [[likely]] {
    auto* const block = static_cast<PoolBlock*>(memory);
    block->next = pool_lists.head[index];
    pool_lists.head[index] = block;
    --pool_lists.room[index];
    return;
  }
#endif
  pool_release_slowly(memory, size);
}

/// Gives pooled memory to classes that derive from it.
struct Pooled {
  static void* operator new(std::size_t size) { return pool_allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept { pool_release(block, size); }
};

}  // namespace torc::detail
