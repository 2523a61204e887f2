// Free lists for operations and coroutine frames: a thread allocates and frees the same few sizes all
// the time. Blocks are plain malloc blocks, so one freed on another thread simply joins that thread's list.
#include <torc/async/operation.hpp>

#include <cstdlib>
#include <new>
#include <utility>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TORC_POOLS_OFF 1  // keep every use after free visible
#endif
#endif

namespace torc::detail {

#ifdef TORC_POOLS_OFF

void* pool_allocate(std::size_t size) { return ::operator new(size); }
void pool_release(void* block, std::size_t) noexcept { ::operator delete(block); }

#else

namespace {

constexpr std::size_t kGrain = 64, kClasses = 16;  // up to 1 KiB
constexpr unsigned kKept = 256;                    // blocks a class, so at most 2 MiB a thread

struct Block {
  Block* next;
};

struct Lists {
  Block* head[kClasses]{};
  unsigned kept[kClasses]{};
};

constinit thread_local Lists lists;
constinit thread_local bool closed = false;  // the thread is ending

// Gives the blocks back when the thread ends.
struct Closer {
  ~Closer() {
    closed = true;
    for (Block* block : lists.head) {
      while (block) std::free(std::exchange(block, block->next));
    }
  }
};

}  // namespace

void* pool_allocate(std::size_t size) {
  const std::size_t index = (size - 1) / kGrain;
  if (index < kClasses) [[likely]] {
    if (Block* block = lists.head[index]) [[likely]] {
      lists.head[index] = block->next;
      --lists.kept[index];
      return block;
    }
    size = (index + 1) * kGrain;
  }
  void* block = std::malloc(size);
  if (!block) throw std::bad_alloc();
  return block;
}

void pool_release(void* block, std::size_t size) noexcept {
  const std::size_t index = (size - 1) / kGrain;
  if (index >= kClasses || lists.kept[index] >= kKept || closed) return std::free(block);
  if (lists.kept[index] == 0) {
    static thread_local const Closer closer;  // registers the thread's clean-up on first use
    static_cast<void>(closer);
  }
  auto* kept = static_cast<Block*>(block);
  kept->next = lists.head[index];
  lists.head[index] = kept;
  ++lists.kept[index];
}

#endif

}  // namespace torc::detail
