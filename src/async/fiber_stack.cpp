#include "async/fiber_stack.hpp"

#include <torc/base/errors.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <new>
#include <string>
#include <utility>
#include <vector>

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif

namespace torc {
namespace detail {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kKept = 256;       // free stacks a thread keeps
constexpr std::size_t kSearched = 8;     // of them are looked at for one of the right size
constexpr unsigned kSampled = 64;        // of so many that end, one is measured

void unmap(FiberStack* stack) noexcept {
  char* const lowest = stack->bottom - kStackGuard;
  char* const end = stack->top() + sizeof(FiberStack);
  ::munmap(lowest, static_cast<std::size_t>(end - lowest));
}

constinit thread_local bool closed = false;  // the thread is ending

struct Stacks {
  ~Stacks() {
    closed = true;
    while (free) unmap(std::exchange(free, free->next));
  }
  FiberStack* free = nullptr;
  FiberStacks use;
  unsigned ended = 0;
};
thread_local Stacks stacks;

// How far up from the bottom nothing was ever touched: pages the kernel holds no memory for.
std::size_t used_bytes(FiberStack& stack) noexcept {
  const std::size_t pages = (stack.size() + sizeof(FiberStack)) / kPage;
  unsigned char resident[256];
  std::size_t untouched = 0;
  while (untouched < pages) {
    const std::size_t some = std::min(pages - untouched, sizeof resident);
    if (::mincore(stack.bottom + untouched * kPage, some * kPage, resident) != 0) return 0;
    const auto* first = std::find_if(resident, resident + some, [](unsigned char page) { return page & 1; });
    untouched += static_cast<std::size_t>(first - resident);
    if (first != resident + some) break;
  }
  return (pages - untouched) * kPage;
}

std::string allowed_mappings() {
  std::string count;
  std::ifstream("/proc/sys/vm/max_map_count") >> count;
  return count.empty() ? "a limited number of" : count;
}

FiberStack* map_stack(std::size_t size) {
  const std::size_t whole = kStackGuard + size;
  void* const block =
      ::mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  const bool mapped = block != MAP_FAILED;
  char* const bottom = mapped ? static_cast<char*>(block) + kStackGuard : nullptr;
  if (!mapped || ::mprotect(bottom, size, PROT_READ | PROT_WRITE) != 0) {
    const int error = errno;
    if (mapped) ::munmap(block, whole);
    std::string doing = "mapping a fiber's stack of " + std::to_string(size / 1024) + " KiB";
    if (error == ENOMEM) doing += " (each takes two mappings; vm.max_map_count allows " + allowed_mappings() + ")";
    throw SystemError(doing, error);
  }
  return new (bottom + size - sizeof(FiberStack)) FiberStack{.bottom = bottom};
}

}  // namespace

FiberStack* acquire_stack(std::size_t size) {
  size = std::max((size + kPage - 1) / kPage * kPage, 4 * kPage);
  std::size_t searched = 0;
  for (FiberStack** at = &stacks.free; *at && searched < kSearched; at = &(*at)->next, ++searched) {
    if ((*at)->size() + sizeof(FiberStack) != size) continue;
    --stacks.use.kept;
    ++stacks.use.in_use;
    return std::exchange(*at, (*at)->next);
  }
  FiberStack* const stack = map_stack(size);
  ++stacks.use.in_use;
  return stack;
}

void release_stack(FiberStack* stack) noexcept {
#if __has_feature(address_sanitizer)
  // Frames that an exception left, or that never returned, have marked it.
  __asan_unpoison_memory_region(stack->bottom, stack->size());
#endif
  if (closed) return unmap(stack);
  --stacks.use.in_use;
  if (stacks.ended++ % kSampled == 0) stacks.use.high_water = std::max(stacks.use.high_water, used_bytes(*stack));
  if (stacks.use.kept >= kKept) return unmap(stack);
  stack->next = std::exchange(stacks.free, stack);
  ++stacks.use.kept;
}

}  // namespace detail

FiberStacks fiber_stacks() noexcept { return detail::stacks.use; }

}  // namespace torc
