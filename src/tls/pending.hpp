// Pending: what waits to be encrypted, because the handshake is not done or a file comes before it. First in,
// first out.
// Exists only while there is something.
#pragma once

#include "tls/scratch.hpp"

#include <torc/base/unique_fd.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <variant>

namespace torc::tls::detail {

class Pending {
 public:
  void add(std::string_view bytes);
  void add_file(UniqueFd file, std::uint64_t offset, std::uint64_t length);

  bool empty() const noexcept { return parts_.empty(); }
  /// Bytes that wait, those of files included.
  std::uint64_t size() const noexcept { return size_; }
  /// Those that lie in memory.
  std::size_t memory() const noexcept { return memory_; }

  /// Moves up to `most` bytes of the first part into `into`. False: its file is shorter than it was said to be.
  bool take(std::size_t most, Scratch& into);

 private:
  struct Bytes {
    std::string bytes;
    std::size_t taken = 0;
  };
  struct File {
    UniqueFd file;
    std::uint64_t offset;
    std::uint64_t left;
  };
  bool take(Bytes& bytes, std::size_t most, Scratch& into);
  bool take(File& file, std::size_t most, Scratch& into);

  std::deque<std::variant<Bytes, File>> parts_;
  std::uint64_t size_ = 0;
  std::size_t memory_ = 0;
};

}  // namespace torc::tls::detail
