#include <torc/net/minimum_rate.hpp>

#include <torc/net/errors.hpp>

#include <algorithm>
#include <utility>

namespace torc {

namespace {

constexpr int kLooks = 8;

}  // namespace

void MinimumRate::connection_made() {
  scheduler_ = &Scheduler::required("a minimum rate");
  look_later();
  up();
}

void MinimumRate::look_later() noexcept { scheduler_->arm(*this, scheduler_->after(options_.over / kLooks)); }

void MinimumRate::data_received(std::string_view data) {
  received_ += data.size();
  Layer::data_received(data);
}

void MinimumRate::write(std::string_view data) noexcept {
  written_ += data.size();
  Layer::write(data);
}

void MinimumRate::write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept {
  written_ += length;
  Layer::write_file(std::move(file), offset, length);
}

void MinimumRate::pause_reading() noexcept {
  reading_ = false;
  Layer::pause_reading();
}

void MinimumRate::resume_reading() noexcept {
  reading_ = true;
  Layer::resume_reading();
}

void MinimumRate::expire() noexcept {
  const std::uint64_t waiting = written_ > 0 ? below().unacknowledged() : 0;
  const std::uint64_t moved = received_ + written_ - std::min(waiting, written_);
  if ((reading_ || waiting > 0) && ++looks_ == kLooks) {
    const double seconds = std::chrono::duration<double>(options_.over).count();
    if (static_cast<double>(moved - moved_) < static_cast<double>(options_.bytes_per_second) * seconds) {
      too_slow_ = true;
      return below().abort();
    }
    looks_ = 0;
    moved_ = moved;
  }
  look_later();
}

void MinimumRate::connection_lost(const Failure& reason) {
  disarm();
  if (!too_slow_) return Layer::connection_lost(reason);
  Layer::connection_lost(Failure(ConnectionLost("connection lost: the peer moved less than " +
                                                std::to_string(options_.bytes_per_second) + " bytes/s")));
}

}  // namespace torc
