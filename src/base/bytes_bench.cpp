// Would a per-thread pool of blocks beat malloc for Bytes? The traffic modelled: a copy of what was read is made, a few of
// them are alive at a time, and they are freed in the order they were made.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "torc/base/bytes.hpp"

namespace {

// The rival: free lists by power of two, never returned to malloc. As small as such a pool can be.
struct Pool {
  static constexpr std::size_t kSmallest = 6, kLargest = 18;
  struct Node {
    Node* next;
  };
  std::array<Node*, kLargest + 1> free_lists{};
  static std::size_t size_class(std::size_t size) { return std::max(kSmallest, std::size_t(std::bit_width(size - 1))); }
  void* take(std::size_t size) {
    Node*& head = free_lists[size_class(size)];
    if (head == nullptr) return std::malloc(std::size_t{1} << size_class(size));
    return std::exchange(head, head->next);
  }
  void give(void* block, std::size_t size) {
    Node*& head = free_lists[size_class(size)];
    head = new (block) Node{head};
  }
};
thread_local Pool pool;

constexpr std::size_t kAlive = 16;

void CopyWithMalloc(benchmark::State& state) {
  const std::string source(static_cast<std::size_t>(state.range(0)), 'x');
  std::array<torc::Bytes, kAlive> alive;
  std::size_t i = 0;
  for (auto _ : state) {
    alive[i++ % kAlive] = torc::Bytes{source};
    benchmark::ClobberMemory();
  }
}

void CopyWithPool(benchmark::State& state) {
  const std::string source(static_cast<std::size_t>(state.range(0)), 'x');
  std::array<void*, kAlive> alive{};
  std::size_t i = 0;
  for (auto _ : state) {
    void* block = pool.take(source.size());
    std::memcpy(block, source.data(), source.size());
    void*& slot = alive[i++ % kAlive];
    if (slot != nullptr) pool.give(slot, source.size());
    slot = block;
    benchmark::ClobberMemory();
  }
  for (void* block : alive) std::free(block);
}

BENCHMARK(CopyWithMalloc)->RangeMultiplier(4)->Range(64, 256 << 10);
BENCHMARK(CopyWithPool)->RangeMultiplier(4)->Range(64, 256 << 10);

}  // namespace
