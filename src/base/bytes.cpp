#include "torc/base/bytes.hpp"

#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

namespace torc {

Bytes::Bytes(std::string_view text) {
  if (text.empty()) return;
  reallocate(text.size());
  std::memcpy(data_, text.data(), text.size());
  size_ = static_cast<std::uint32_t>(text.size());
}

Bytes Bytes::with_capacity(std::size_t capacity) {
  Bytes bytes;
  if (capacity > 0) bytes.reallocate(capacity);
  return bytes;
}

void Bytes::resize(std::size_t size) {
  if (size > capacity_) {
    // Grow by half again, so that appending piece by piece stays linear.
    const std::size_t roomy = std::size_t{capacity_} + capacity_ / 2;
    reallocate(size > roomy || roomy > kMaxSize ? size : roomy);
  }
  size_ = static_cast<std::uint32_t>(size);
}

void Bytes::shrink_to_fit() {
  if (size_ == capacity_) return;
  if (size_ == 0) {
    free();
    forget();
  } else {
    reallocate(size_);
  }
}

void Bytes::reallocate(std::size_t capacity) {
  if (capacity > kMaxSize) throw std::length_error("torc::Bytes: more than 4 GiB");
  void* memory = std::realloc(data_, capacity);
  if (memory == nullptr) throw std::bad_alloc();
  data_ = static_cast<char*>(memory);
  capacity_ = static_cast<std::uint32_t>(capacity);
}

void Bytes::free() noexcept { std::free(data_); }

}  // namespace torc
