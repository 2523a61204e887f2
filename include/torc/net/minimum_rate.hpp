// MinimumRate: cuts connections whose peer moves bytes too slowly, such as one that sends a request a byte at a time.
//
//   PortOptions{.layers = {layer<MinimumRate>(MinimumRateOptions{.bytes_per_second = 500})}}
//
// Bytes of both directions count: those that came, and those that the peer has taken. Only time in which we wait for the
// peer counts: while reading is wanted, or something waits to be taken. For connections that ought to be moving bytes all
// the time; one that may be silent between requests wants an IdleTimeout. Ends the connection with ConnectionLost.
#pragma once

#include <torc/async/scheduler.hpp>
#include <torc/net/layer.hpp>

#include <cstdint>

namespace torc {

struct MinimumRateOptions {
  std::uint64_t bytes_per_second = 500;
  /// What it is the average of, and how long a new connection has; looked at eight times meanwhile.
  Duration over = std::chrono::seconds(20);
};

class MinimumRate : public Layer, private detail::Timer {
 public:
  explicit MinimumRate(MinimumRateOptions options = {}) noexcept : options_(options) {}

  void connection_made() override;
  void data_received(std::string_view data) override;
  void connection_lost(const Failure& reason) override;
  void write(std::string_view data) noexcept override;
  void write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept override;
  void pause_reading() noexcept override;
  void resume_reading() noexcept override;

 private:
  void expire() noexcept override;
  void look_later() noexcept;

  const MinimumRateOptions options_;
  Scheduler* scheduler_ = nullptr;
  std::uint64_t received_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t moved_ = 0;  // at the start of the stretch that is measured
  int looks_ = 0;            // of it, that found us waiting
  bool reading_ = true;
  bool too_slow_ = false;
};

}  // namespace torc
