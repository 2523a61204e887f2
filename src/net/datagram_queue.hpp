// DatagramQueue: datagrams that the socket would not take yet. Owns copies; bounded by its user.
#pragma once

#include "net/datagram_send.hpp"

#include <torc/base/bytes.hpp>

#include <cstddef>
#include <list>
#include <string_view>

namespace torc::detail {

class DatagramQueue {
 public:
  bool empty() const noexcept { return waiting_.empty(); }
  std::size_t count() const noexcept { return waiting_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

  void push(std::string_view data, const Destination& to) {
    waiting_.push_back({Bytes(data), to});
    bytes_ += data.size();
  }
  /// Borrows the first datagrams to `batch`, as many as it takes.
  void lend(SendBatch& batch) const noexcept {
    for (const auto& [data, to] : waiting_) {
      if (batch.full()) return;
      batch.add(data, to);
    }
  }
  void pop(std::size_t count) noexcept {
    for (; count > 0; --count) {
      bytes_ -= waiting_.front().data.size();
      waiting_.pop_front();
    }
  }
  void clear() noexcept {
    waiting_.clear();
    bytes_ = 0;
  }

 private:
  struct Waiting {
    Bytes data;
    Destination to;
  };
  std::list<Waiting> waiting_;  // an empty one holds no memory
  std::size_t bytes_ = 0;
};

}  // namespace torc::detail
