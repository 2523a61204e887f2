// WriteQueue: bytes, file regions and descriptors that a socket would not take yet, first in, first out.
// A transport makes one when it first needs it and drops it when it is empty again.
#pragma once

#include "net/stream_fd.hpp"

#include <torc/base/bytes.hpp>
#include <torc/base/unique_fd.hpp>

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <span>
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
  /// Sends to `output`, a StreamFd or what has its send() and send_file(), until it would block or a turn's share has
  /// gone out. kFailed leaves errno.
  template <class Output>
  Progress flush(Output& output) noexcept;

 private:
  static constexpr std::uint64_t kDescriptorWeight = 8 * 1024;
  static constexpr std::size_t kVectors = 64;                     // blocks a system call
  static constexpr std::uint64_t kTurnShare = 4 * 1024 * 1024;    // bytes before others get their turn
  static constexpr int kTurnCalls = 64;                           // and system calls
  static constexpr std::uint64_t kFileChunk = 1024 * 1024;

  struct Region {
    UniqueFd file;
    std::uint64_t offset, left;
  };
  using Item = std::variant<Bytes, Region, UniqueFd>;  // a descriptor: bytes follow

  template <class Output>
  std::int64_t send_bytes(Output& output) noexcept;
  template <class Output>
  std::int64_t send_descriptor(Output& output, int descriptor) noexcept;
  void consume(std::size_t count) noexcept;

  std::deque<Item> items_;
  std::size_t sent_ = 0;  // of the first item, when it is bytes
  std::size_t memory_ = 0;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t descriptors_ = 0;
};

template <class Output>
WriteQueue::Progress WriteQueue::flush(Output& output) noexcept {
  std::uint64_t share = 0;
  for (int calls = 0; !items_.empty(); ++calls) {
    if (share >= kTurnShare || calls == kTurnCalls) return Progress::kBudgetSpent;
    std::int64_t sent;
    if (auto* region = std::get_if<Region>(&items_.front())) {
      auto offset = static_cast<off_t>(region->offset);
      sent = output.send_file(region->file.get(), offset, std::min(region->left, kFileChunk));
      if (sent == 0) return Progress::kFileTooShort;
      if (sent > 0) {
        region->offset += static_cast<std::uint64_t>(sent);
        region->left -= static_cast<std::uint64_t>(sent);
        file_bytes_ -= static_cast<std::uint64_t>(sent);
        if (region->left == 0) {
          items_.pop_front();
          --descriptors_;
        }
      }
    } else if (auto* descriptor = std::get_if<UniqueFd>(&items_.front())) {
      sent = send_descriptor(output, descriptor->get());
    } else {
      sent = send_bytes(output);
    }
    if (sent < 0) {
      errno = static_cast<int>(-sent);
      return errno == EAGAIN || errno == EWOULDBLOCK ? Progress::kBlocked : Progress::kFailed;
    }
    share += static_cast<std::uint64_t>(sent);
  }
  return Progress::kDrained;
}

template <class Output>
std::int64_t WriteQueue::send_bytes(Output& output) noexcept {
  iovec vectors[kVectors];
  std::size_t count = 0;
  std::size_t skip = sent_;
  for (auto& item : items_) {
    auto* bytes = std::get_if<Bytes>(&item);
    if (!bytes || count == kVectors) break;
    vectors[count++] = {.iov_base = bytes->data() + skip, .iov_len = bytes->size() - skip};
    skip = 0;
  }
  const bool file_follows = count < items_.size();
  const auto sent = output.send(std::span(vectors, count), file_follows);
  if (sent > 0) consume(static_cast<std::size_t>(sent));
  return sent;
}

template <class Output>
std::int64_t WriteQueue::send_descriptor(Output& output, int descriptor) noexcept {
  const auto sent = output.send(std::get<Bytes>(items_[1]).view(), descriptor);
  if (sent <= 0) return sent;
  items_.pop_front();
  --descriptors_;
  consume(static_cast<std::size_t>(sent));
  return sent;
}

}  // namespace torc
