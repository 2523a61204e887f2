#include "net/write_queue.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace torc {

namespace {

constexpr std::size_t kBlock = 16 * 1024;            // small writes share blocks of this size
constexpr std::size_t kVectors = 64;                 // blocks a system call
constexpr std::uint64_t kTurnShare = 4 * 1024 * 1024;  // bytes before others get their turn
constexpr int kTurnCalls = 64;                          // and system calls
constexpr std::uint64_t kFileChunk = 1024 * 1024;

}  // namespace

void WriteQueue::add(std::string_view data) {
  memory_ += data.size();
  if (!items_.empty()) {
    if (auto* last = std::get_if<Bytes>(&items_.back())) {
      const std::size_t room = std::min(last->capacity() - last->size(), data.size());
      const std::size_t size = last->size();
      if (room > 0) {
        std::memcpy(last->data() + size, data.data(), room);
        last->resize(size + room);
        data.remove_prefix(room);
      }
    }
  }
  if (data.empty()) return;
  Bytes block = Bytes::with_capacity(std::max(kBlock, data.size()));
  std::memcpy(block.data(), data.data(), data.size());
  block.resize(data.size());
  items_.emplace_back(std::move(block));
}

void WriteQueue::add_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) {
  if (length == 0) return;
  file_bytes_ += length;
  ++descriptors_;
  items_.emplace_back(Region{std::move(file), offset, length});
}

void WriteQueue::add_descriptor(UniqueFd descriptor, std::string_view data) {
  items_.emplace_back(std::move(descriptor));
  ++descriptors_;
  add(data);  // in a block of its own: bytes join only bytes
}

WriteQueue::Progress WriteQueue::flush(StreamFd& fd) noexcept {
  std::uint64_t share = 0;
  for (int calls = 0; !items_.empty(); ++calls) {
    if (share >= kTurnShare || calls == kTurnCalls) return Progress::kBudgetSpent;
    std::int64_t sent;
    if (auto* region = std::get_if<Region>(&items_.front())) {
      auto offset = static_cast<off_t>(region->offset);
      sent = fd.send_file(region->file.get(), offset, std::min(region->left, kFileChunk));
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
      sent = send_descriptor(fd, descriptor->get());
    } else {
      sent = send_bytes(fd);
    }
    if (sent < 0) {
      errno = static_cast<int>(-sent);
      return errno == EAGAIN || errno == EWOULDBLOCK ? Progress::kBlocked : Progress::kFailed;
    }
    share += static_cast<std::uint64_t>(sent);
  }
  return Progress::kDrained;
}

std::int64_t WriteQueue::send_bytes(StreamFd& fd) noexcept {
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
  const auto sent = fd.send(std::span(vectors, count), file_follows);
  if (sent > 0) consume(static_cast<std::size_t>(sent));
  return sent;
}

std::int64_t WriteQueue::send_descriptor(StreamFd& fd, int descriptor) noexcept {
  const auto sent = fd.send(std::get<Bytes>(items_[1]).view(), descriptor);
  if (sent <= 0) return sent;
  items_.pop_front();
  --descriptors_;
  consume(static_cast<std::size_t>(sent));
  return sent;
}

void WriteQueue::consume(std::size_t count) noexcept {
  memory_ -= count;
  while (count > 0) {
    const std::size_t left = std::get<Bytes>(items_.front()).size() - sent_;
    if (count < left) {
      sent_ += count;
      return;
    }
    count -= left;
    sent_ = 0;
    items_.pop_front();
  }
}

}  // namespace torc
