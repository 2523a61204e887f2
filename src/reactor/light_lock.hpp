// LightLock: a mutex whose uncontended path is inline: one atomic operation to lock, one to unlock.
//
// For sections of a few instructions that are entered very often. Who has to wait sleeps in the kernel.
// Satisfies BasicLockable.
#pragma once

#include <atomic>

namespace torc::detail {

class LightLock {
 public:
  LightLock() noexcept = default;
  LightLock(const LightLock&) = delete;
  LightLock& operator=(const LightLock&) = delete;

  void lock() noexcept {
    int expected = kFree;
    if (!state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire)) [[unlikely]] wait();
  }
  void unlock() noexcept {
    if (state_.exchange(kFree, std::memory_order_release) == kWaitedFor) [[unlikely]] state_.notify_one();
  }

 private:
  static constexpr int kFree = 0, kHeld = 1, kWaitedFor = 2;

  // Others may wait beside us, so that whoever gets it from here leaves it as waited for.
  [[gnu::noinline]] void wait() noexcept {
    while (state_.exchange(kWaitedFor, std::memory_order_acquire) != kFree) {
      state_.wait(kWaitedFor, std::memory_order_relaxed);
    }
  }

  std::atomic<int> state_ = kFree;
};

}  // namespace torc::detail
