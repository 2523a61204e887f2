// Bytes: a byte string that owns its memory; what reads hand to their caller.
//
// The transport reads into one large buffer of the reactor's and copies what outlives the callback into a Bytes of exactly
// that size, so an idle connection holds no memory. Move-only: copying data is visible in the code (`Bytes{view}`). It
// converts to std::string_view, so it goes wherever text or bytes are read; the view is valid as long as the Bytes lives
// and is not resized. Made on one thread it may be moved to another and freed there.
//
// Memory comes from malloc. A per-thread pool of common sizes was measured (bytes_bench.cpp): it saves some 10 ns a block
// below 4 KiB and nothing above, beside a read that costs a system call. Not worth its code and its idle memory.
//
// Limit: 4 GiB - 1 byte. Asking for more throws std::length_error; no memory throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#if defined(__clang__)
#define TORC_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define TORC_LIFETIMEBOUND
#endif

namespace torc {

class Bytes {
 public:
  static constexpr std::size_t kMaxSize = UINT32_MAX;

  Bytes() noexcept = default;
  // Copies `text`. Explicit, as every copy of data is.
  explicit Bytes(std::string_view text);
  // Empty, with room for `capacity` bytes: read into data(), then resize() to what arrived.
  static Bytes with_capacity(std::size_t capacity);

  Bytes(Bytes&& other) noexcept : data_(other.data_), size_(other.size_), capacity_(other.capacity_) { other.forget(); }
  Bytes& operator=(Bytes&& other) noexcept {
    if (this != &other) {
      free();
      data_ = other.data_;
      size_ = other.size_;
      capacity_ = other.capacity_;
      other.forget();
    }
    return *this;
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() {
    if (data_ != nullptr) free();
  }

  char* data() noexcept TORC_LIFETIMEBOUND { return data_; }
  const char* data() const noexcept TORC_LIFETIMEBOUND { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  char& operator[](std::size_t i) noexcept { return data_[i]; }
  const char& operator[](std::size_t i) const noexcept { return data_[i]; }
  char* begin() noexcept { return data_; }
  char* end() noexcept { return data_ + size_; }
  const char* begin() const noexcept { return data_; }
  const char* end() const noexcept { return data_ + size_; }

  operator std::string_view() const noexcept TORC_LIFETIMEBOUND {
    return {data_, size_};
  }  // NOLINT: a view is what it is
  std::string_view view() const noexcept TORC_LIFETIMEBOUND { return {data_, size_}; }
  std::string str() const { return std::string(data_, size_); }

  // Within capacity(): only sets the size, so bytes written through data() beforehand become part of the string.
  // Beyond it: moves to larger memory first, and the bytes that are new hold nothing in particular.
  void resize(std::size_t size);
  // Gives back what lies beyond size(); for a Bytes that was sized for the largest read and is about to be kept.
  void shrink_to_fit();
  void clear() noexcept { size_ = 0; }

  friend bool operator==(const Bytes& a, const Bytes& b) noexcept { return a.view() == b.view(); }
  friend bool operator==(const Bytes& a, std::string_view b) noexcept { return a.view() == b; }

 private:
  void free() noexcept;
  void reallocate(std::size_t capacity);
  void forget() noexcept {
    data_ = nullptr;
    size_ = capacity_ = 0;
  }

  char* data_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
};

}  // namespace torc
