// OpenCount: how many connections a port serves, known to other threads.
//
// A PortLoad is shared by the port that serves and by those who give connections to it. An OpenCount stands for one
// connection from when it is given until it has ended, wherever it is meanwhile: what never arrives is uncounted too.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace torc {

struct alignas(64) PortLoad {
  std::atomic<std::size_t> open = 0;
  /// Since the port was opened; those that moved here are not in it.
  std::atomic<std::uint64_t> accepted = 0;
  /// False when the reactor of the port has stopped, or the port is closed.
  std::atomic<bool> serving = true;
};

class OpenCount {
 public:
  OpenCount() noexcept = default;  // counts nowhere
  /// `accepted`: the connection is new, not moved. Nothing is counted without a load.
  OpenCount(std::shared_ptr<PortLoad> load, bool accepted) noexcept : load_(std::move(load)) {
    if (!load_) return;
    load_->open.fetch_add(1, std::memory_order_relaxed);
    if (accepted) load_->accepted.fetch_add(1, std::memory_order_relaxed);
  }
  OpenCount(OpenCount&&) noexcept = default;
  OpenCount& operator=(OpenCount&& other) noexcept {
    std::swap(load_, other.load_);
    return *this;
  }
  explicit operator bool() const noexcept { return static_cast<bool>(load_); }
  ~OpenCount() {
    if (load_) load_->open.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  std::shared_ptr<PortLoad> load_;
};

}  // namespace torc
