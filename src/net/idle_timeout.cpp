#include <torc/net/idle_timeout.hpp>

#include <torc/net/errors.hpp>

#include <utility>

namespace torc {

void IdleTimeout::connection_made() {
  scheduler_ = &Scheduler::required("an idle time-out");
  last_ = scheduler_->now();
  scheduler_->arm(*this, scheduler_->after(limit_));
  up();
}

void IdleTimeout::data_received(std::string_view data) {
  last_ = scheduler_->now();
  Layer::data_received(data);
}

void IdleTimeout::write(std::string_view data) noexcept {
  if (scheduler_) last_ = scheduler_->now();
  Layer::write(data);
}

void IdleTimeout::write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept {
  if (scheduler_) last_ = scheduler_->now();
  Layer::write_file(std::move(file), offset, length);
}

void IdleTimeout::expire() noexcept {
  const std::uint64_t waiting = below().unacknowledged();
  if (waiting > 0 && waiting != std::exchange(waiting_, waiting)) last_ = scheduler_->now();  // perhaps the peer took some
  if (scheduler_->now() - last_ < limit_) return scheduler_->arm(*this, last_ + limit_);
  expired_ = true;
  waiting > 0 ? below().abort() : below().close();
}

void IdleTimeout::connection_lost(const Failure& reason) {
  disarm();
  if (!expired_) return Layer::connection_lost(reason);
  Layer::connection_lost(Failure(ConnectionLost("connection lost: nothing moved for " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit_).count()) + " ms")));
}

}  // namespace torc
