// IdleTimeout: closes a connection on which nothing moves.
//
//   PortOptions{.layers = {layer<IdleTimeout>(60s)}}
//   co_await stream.upgrade(std::make_unique<IdleTimeout>(60s));
//
// Something moves when bytes come, when some are written, and when the peer takes some of what waits for it. One timer a
// connection; moving the deadline is a store. A peer that takes nothing of what waits for it is noticed within twice the
// limit. The connection then ends with ConnectionLost, which says so.
#pragma once

#include <torc/async/scheduler.hpp>
#include <torc/net/layer.hpp>

#include <cstdint>

namespace torc {

class IdleTimeout : public Layer, private detail::Timer {
 public:
  explicit IdleTimeout(Duration limit) noexcept : limit_(limit) {}

  void connection_made() override;
  void data_received(std::string_view data) override;
  void connection_lost(const Failure& reason) override;
  void write(std::string_view data) noexcept override;
  void write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept override;

 private:
  void expire() noexcept override;

  const Duration limit_;
  Scheduler* scheduler_ = nullptr;
  Instant last_{};               // when something moved
  std::uint64_t waiting_ = 0;    // for the peer, when the timer looked last
  bool expired_ = false;
};

}  // namespace torc
