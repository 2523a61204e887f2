// UringRing: an open io_uring, and whether this system lets us have one.
//
// A ring belongs to the thread that opened it. Needs Linux 6.0 (receiving into provided buffers again and again).
#pragma once

#include <liburing.h>

#include <torc/base/time.hpp>

namespace torc::detail {

class UringRing {
 public:
  /// When the kernel does its part of what we asked for: inside our calls only, which is quickest (and since
  /// 6.1), or in any system call of this thread, which makes the ring's descriptor turn readable. It then
  /// interrupts a call that sleeps, which may fail with EINTR.
  enum class Work { kInOurCalls, kWhenever };

  /// Throws SystemError.
  explicit UringRing(Work work);
  ~UringRing();
  UringRing(const UringRing&) = delete;
  UringRing& operator=(const UringRing&) = delete;

  io_uring* get() noexcept { return &ring_; }

  /// Opens one, sends something through it and closes it. Throws Error, which says what is missing.
  static void probe();

  /// Submits; null when there is no room even so.
  io_uring_sqe* next_entry() noexcept;
  /// Submits, and sleeps until there is a completion or `limit` has passed (negative: for ever). Without a
  /// limit it may be no call at all.
  void enter(Duration limit) noexcept;
  bool overflowed() const noexcept { return (flags() & IORING_SQ_CQ_OVERFLOW) != 0; }
  /// Whether entering would do something.
  bool has_work() const noexcept {
    return ::io_uring_sq_ready(&ring_) != 0 || (flags() & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
  }
  /// What the next entry will be called, and whether the kernel has taken the one that is called so.
  unsigned next_place() const noexcept { return ring_.sq.sqe_tail; }
  bool taken(unsigned place) const noexcept {
    return static_cast<int>(ring_.sq.sqe_tail - ::io_uring_sq_ready(&ring_) - place) > 0;
  }
  bool has_completions() const noexcept { return ::io_uring_cq_ready(&ring_) != 0; }

 private:
  unsigned flags() const noexcept { return __atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED); }

  io_uring ring_;
};

}  // namespace torc::detail
