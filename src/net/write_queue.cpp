#include "net/write_queue.hpp"

#include <algorithm>
#include <cstring>

namespace torc {

namespace {

constexpr std::size_t kBlock = 16 * 1024;  // small writes share blocks of this size

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
