// Stacks for fibers: mapped with a guard below, kept in per-thread lists for the next fiber.
#pragma once

#include <torc/async/fiber.hpp>

#include <cstddef>

namespace torc::detail {

/// Lies at the top of the stack it describes.
struct FiberStack {
  char* bottom;  // the lowest usable byte; the guard is below
  FiberStack* next = nullptr;  // among the free

  char* top() noexcept { return reinterpret_cast<char*>(this); }
  std::size_t size() noexcept { return static_cast<std::size_t>(top() - bottom); }
};

/// Below each stack; touching it is an overflow. Larger than most frames, so that none steps over it.
constexpr std::size_t kStackGuard = 64 * 1024;

/// A stack of at least `size` bytes. Throws SystemError, which names vm.max_map_count when the process
/// may map no more.
FiberStack* acquire_stack(std::size_t size);

}  // namespace torc::detail
