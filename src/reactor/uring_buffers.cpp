#ifdef TORC_HAVE_LIBURING

#include "reactor/uring_buffers.hpp"

#include <torc/base/errors.hpp>

#include <sys/mman.h>

#include <new>

namespace torc::detail {

namespace {

// Of whole pages, touched when they are used.
void* map(std::size_t size) {
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

}  // namespace

UringBuffers::UringBuffers() : memory_(static_cast<char*>(map(kCount * kSize))) {
  try {
    ring_ = static_cast<io_uring_buf_ring*>(map(kCount * sizeof(io_uring_buf)));
  } catch (...) {
    ::munmap(memory_, kCount * kSize);
    throw;
  }
}

UringBuffers::~UringBuffers() {
  ::munmap(ring_, kCount * sizeof(io_uring_buf));
  ::munmap(memory_, kCount * kSize);
}

void UringBuffers::attach(UringRing& ring) {
  ::io_uring_buf_ring_init(ring_);
  io_uring_buf_reg about{};
  about.ring_addr = reinterpret_cast<__u64>(ring_);
  about.ring_entries = kCount;
  about.bgid = kGroup;
  if (const int result = ::io_uring_register_buf_ring(ring.get(), &about, 0); result < 0) {
    throw SystemError("giving io_uring its buffers", -result);
  }
  int offered = 0;
  for (std::size_t number = 0; number < kCount; ++number) {
    if (!taken_.test(number)) offer(number, offered++);
  }
  ::io_uring_buf_ring_advance(ring_, offered);
  attached_ = true;
}

void UringBuffers::give_back(unsigned flags) noexcept {
  taken_.reset(number(flags));
  if (!attached_) return;
  offer(number(flags), 0);
  ::io_uring_buf_ring_advance(ring_, 1);
}

void UringBuffers::offer(std::size_t number, int place) noexcept {
  ::io_uring_buf_ring_add(ring_, memory_ + number * kSize, kSize, static_cast<unsigned short>(number),
                          ::io_uring_buf_ring_mask(kCount), place);
}

}  // namespace torc::detail

#endif
