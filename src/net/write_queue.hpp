// WriteQueue: bytes, file regions and descriptors that a socket would not take yet, first in, first out.
// A transport makes one when it first needs it and drops it when it is empty again.
#pragma once

#include "net/stream_fd.hpp"

#include <torc/base/bytes.hpp>
#include <torc/base/unique_fd.hpp>

#include <cstdint>
#include <deque>
#include <string_view>
#include <variant>

namespace torc {

class WriteQueue {
 public:
  enum class Progress { kDrained, kBlocked, kBudgetSpent, kFileTooShort, kFailed };

  bool empty() const noexcept { return items_.empty(); }
  /// Bytes of memory held.
  std::size_t memory() const noexcept { return memory_; }
  /// Bytes to send, file regions included.
  std::uint64_t unsent() const noexcept { return memory_ + file_bytes_; }
  /// What it weighs against the marks: a small file is a descriptor held all the same.
  std::uint64_t weight() const noexcept { return unsent() + descriptors_ * kDescriptorWeight; }

  void add(std::string_view data);
  void add_file(UniqueFd file, std::uint64_t offset, std::uint64_t length);
  /// `descriptor` goes out on the first byte of `data`, of which there must be one.
  void add_descriptor(UniqueFd descriptor, std::string_view data);
  /// Sends to `fd` until it would block or a turn's share has gone out. kFailed leaves errno.
  Progress flush(StreamFd& fd) noexcept;

 private:
  static constexpr std::uint64_t kDescriptorWeight = 8 * 1024;

  struct Region {
    UniqueFd file;
    std::uint64_t offset, left;
  };
  using Item = std::variant<Bytes, Region, UniqueFd>;  // a descriptor: bytes follow

  std::int64_t send_bytes(StreamFd& fd) noexcept;
  std::int64_t send_descriptor(StreamFd& fd, int descriptor) noexcept;
  void consume(std::size_t count) noexcept;

  std::deque<Item> items_;
  std::size_t sent_ = 0;  // of the first item, when it is bytes
  std::size_t memory_ = 0;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t descriptors_ = 0;
};

}  // namespace torc
