// UringBuffers: the memory that all receives of a ring share. The kernel takes a buffer when bytes are there
// and gives it back with the completion, so idle connections hold none.
//
// It outlives rings: a buffer whose completion was collected and not yet told is not offered to the next.
#pragma once

#include "reactor/uring_ring.hpp"

#include <bitset>
#include <cstddef>
#include <span>

namespace torc::detail {

class UringBuffers {
 public:
  static constexpr unsigned short kGroup = 0;

  /// Throws std::bad_alloc.
  UringBuffers();
  ~UringBuffers();
  UringBuffers(const UringBuffers&) = delete;
  UringBuffers& operator=(const UringBuffers&) = delete;

  /// Offers all that are free to `ring`. Throws SystemError.
  void attach(UringRing& ring);
  /// The ring is closed.
  void detach() noexcept { attached_ = false; }

  /// A completion with these flags holds a buffer.
  void taken(unsigned flags) noexcept { taken_.set(number(flags)); }
  std::span<char> bytes(unsigned flags, int size) noexcept {
    return {memory_ + number(flags) * kSize, static_cast<std::size_t>(size)};
  }
  void give_back(unsigned flags) noexcept;

 private:
  static constexpr unsigned kCount = 128;  // a power of two
  static constexpr unsigned kSize = 16 * 1024;
  static std::size_t number(unsigned flags) noexcept { return flags >> IORING_CQE_BUFFER_SHIFT; }
  void offer(std::size_t number, int place) noexcept;

  char* memory_;
  io_uring_buf_ring* ring_;
  bool attached_ = false;
  std::bitset<kCount> taken_;
};

}  // namespace torc::detail
