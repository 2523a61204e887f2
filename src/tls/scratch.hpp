// Scratch: room for the bytes of one call into a TLS engine, lent by the thread.
//
// Connections hold no buffer of their own. A call takes a scratch and leaves it behind for the next one, of whichever
// connection; calls that nest (TLS over TLS, a proxy) each have their own.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace torc::tls::detail {

class Scratch {
 public:
  Scratch() noexcept;
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// Room for `count` bytes behind those that are there; commit() says how many were put in. Throws bad_alloc.
  char* room(std::size_t count) {
    if (block_.size - size_ < count) grow(count);
    return block_.bytes.get() + size_;
  }
  void commit(std::size_t count) noexcept { size_ += count; }
  void append(std::string_view bytes);
  void clear() noexcept { size_ = 0; }

  std::string_view view() const noexcept { return {block_.bytes.get(), size_}; }
  bool empty() const noexcept { return size_ == 0; }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };
  struct Spares;
  static Spares& spares() noexcept;
  void grow(std::size_t count);

  Block block_;
  std::size_t size_ = 0;
};

}  // namespace torc::tls::detail
