#include "tls/scratch.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace torc::tls::detail {

namespace {

constexpr std::size_t kLeast = 32 * 1024;
constexpr std::size_t kKept = 512 * 1024;  // a larger block is not kept

}  // namespace

// Two serve a call: what was decrypted, and what is to be sent.
struct Scratch::Spares {
  std::array<Block, 2> blocks;
};

Scratch::Spares& Scratch::spares() noexcept {
  static thread_local Spares spares;
  return spares;
}

Scratch::Scratch() noexcept {
  for (Block& spare : spares().blocks) {
    if (spare.size > block_.size) std::swap(block_, spare);
  }
}

Scratch::~Scratch() {
  if (block_.size > kKept) return;
  for (Block& spare : spares().blocks) {
    if (spare.size < block_.size) std::swap(block_, spare);
  }
}

void Scratch::append(std::string_view bytes) {
  std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
  commit(bytes.size());
}

void Scratch::grow(std::size_t count) {
  Block larger;
  larger.size = std::max({kLeast, block_.size * 2, size_ + count});
  larger.bytes = std::make_unique_for_overwrite<char[]>(larger.size);
  if (size_ > 0) std::memcpy(larger.bytes.get(), block_.bytes.get(), size_);
  block_ = std::move(larger);
}

}  // namespace torc::tls::detail
