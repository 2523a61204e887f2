#include <torc/net/throttle.hpp>

#include <torc/async/deferred.hpp>
#include <torc/net/errors.hpp>

#include <fcntl.h>

#include <algorithm>
#include <utility>

namespace torc {

namespace {

constexpr std::uint64_t kReadAhead = 16 * 1024;  // what a connection that may be idle takes out of a bucket

}  // namespace

Throttle::Throttle(std::shared_ptr<TokenBucket> in, std::shared_ptr<TokenBucket> out, TransportOptions options)
    : options_(options) {
  set_buckets(std::move(in), std::move(out));
}

void Throttle::set_buckets(std::shared_ptr<TokenBucket> in, std::shared_ptr<TokenBucket> out) noexcept {
  in_.bucket = std::move(in);
  out_.bucket = std::move(out);
}

// What it was given it may move in the next turn: nobody is called from inside a bucket.
std::uint64_t Throttle::Flow::offered(std::uint64_t most) noexcept {
  credit += most;
  if (!static_cast<detail::Posted&>(throttle).linked()) throttle.scheduler_->post(throttle);
  return most;
}

// Whether there is any credit; if not, takes a place in line.
bool Throttle::Flow::may_move(std::uint64_t most) noexcept {
  if (credit == 0) credit = bucket ? bucket->take(most) : most;
  if (credit > 0) return true;
  if (!linked()) bucket->stand_in_line(*this);
  return false;
}

void Throttle::connection_made() {
  scheduler_ = &Scheduler::required("a throttle");
  update_reading();
  up();
}

void Throttle::run() noexcept { go_on(); }

void Throttle::go_on() noexcept {
  const auto cork = below().cork();  // what is called may destroy the connection
  update_reading();
  send_queued();
  update_full();
}

// Input.

std::size_t Throttle::max_read() const noexcept {
  const std::size_t above = Layer::max_read();
  return in_.bucket ? std::min<std::uint64_t>(above, std::max<std::uint64_t>(in_.credit, 1)) : above;
}

void Throttle::update_reading() noexcept {
  const bool wanted = wants_ && !closing() && !(full_ && !Layer::reads_while_full());
  if (wanted && (!in_.bucket || in_.may_move(kReadAhead))) {
    below().resume_reading();
  } else {
    below().pause_reading();
  }
}

void Throttle::data_received(std::string_view data) {
  if (in_.bucket) {
    const std::uint64_t given = std::min<std::uint64_t>(in_.credit, data.size());
    in_.credit -= given;
    if (given < data.size()) in_.bucket->charge(data.size() - given);
    if (in_.credit == 0) update_reading();
  }
  Layer::data_received(data);
}

void Throttle::pause_reading() noexcept {
  wants_ = false;
  update_reading();
}

void Throttle::resume_reading() noexcept {
  wants_ = true;
  update_reading();
}

// Output.

void Throttle::write(std::string_view data) noexcept {
  if (closing_ || shutting_ || data.empty() || Layer::closing()) return;
  const auto cork = below().cork();
  if (queue_.empty() && !below_full_ && out_.may_move(data.size())) {
    const std::uint64_t count = std::min<std::uint64_t>(out_.credit, data.size());
    out_.credit -= count;
    below().write(data.substr(0, count));
    data.remove_prefix(count);
  }
  if (!data.empty()) queue(data, {}, 0, data.size());
  send_queued();
  update_full();
}

void Throttle::write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept {
  if (closing_ || shutting_ || length == 0 || Layer::closing()) return;
  const auto cork = below().cork();
  queue({}, std::move(file), offset, length);
  send_queued();
  update_full();
}

void Throttle::queue(std::string_view bytes, UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept {
  if (queued_memory_ > options_.write_limit) return over("the peer does not read fast enough, or its rate is too low (write_limit)");
  try {
    queue_.push_back({std::string(bytes), std::move(file), offset, length});
    queued_ += length;
    queued_memory_ += bytes.size();
  } catch (const std::bad_alloc&) {
    over("no memory for what waits to be sent");
  }
}

void Throttle::over(const char* why) noexcept {
  reason_ = Failure(BufferFull(std::string("connection aborted: ") + why));
  abort();
}

void Throttle::send_queued() noexcept {
  while (!queue_.empty() && !below_full_ && !Layer::closing()) {
    Piece& piece = queue_.front();
    if (!out_.may_move(piece.length)) return;
    const std::uint64_t count = std::min(out_.credit, piece.length);
    out_.credit -= count;
    queued_ -= count;
    if (!piece.file) queued_memory_ -= count;
    try {
      send_some(piece, count);
    } catch (const std::exception& error) {
      return over(error.what());
    }
    if (piece.length == 0) queue_.pop_front();
  }
  if (!queue_.empty()) return;
  if (closing_) {
    disarm();
    below().close();
  } else if (shutting_) {
    below().shutdown_write();
  }
}

void Throttle::send_some(Piece& piece, std::uint64_t count) {
  piece.length -= count;
  if (piece.file) {
    UniqueFd file = piece.length == 0 ? std::move(piece.file) : UniqueFd(::fcntl(piece.file.get(), F_DUPFD_CLOEXEC, 0));
    if (!file) throw SystemError("sending a piece of a file", errno);
    below().write_file(std::move(file), std::exchange(piece.offset, piece.offset + count), count);
  } else {
    below().write(std::string_view(piece.bytes).substr(piece.offset, count));
    piece.offset += count;
  }
}

// Tells what is above when the queue crosses a mark, here or below.
void Throttle::update_full() noexcept {
  if (closing() || !is_up()) return;
  const bool full = below_full_ || queued_ > (full_ ? options_.low_water : options_.high_water);
  if (full == full_) return;
  if (!full && resuming_) {  // what is written there may leave at once: no deeper, but later
    if (!static_cast<detail::Posted&>(*this).linked()) scheduler_->post(*this);
    return;
  }
  full_ = full;
  try {
    if (full) {
      Layer::pause_writing();
    } else {
      resuming_ = true;
      Layer::resume_writing();
      resuming_ = false;
    }
  } catch (...) {
    resuming_ = false;
    detail::report_unhandled(Failure::current(), "in a protocol, whose connection is aborted");
    return abort();
  }
  update_reading();
}

void Throttle::pause_writing() {
  below_full_ = true;
  const auto cork = below().cork();
  update_full();
}

void Throttle::resume_writing() {
  below_full_ = false;
  go_on();
}

std::uint64_t Throttle::unsent() const noexcept { return queued_ + Layer::unsent(); }
std::uint64_t Throttle::unacknowledged() const noexcept { return queued_ + Layer::unacknowledged(); }

// Ends.

void Throttle::shutdown_write() noexcept {
  if (std::exchange(shutting_, true)) return;
  if (queue_.empty() && !closing_) below().shutdown_write();
}

void Throttle::close() noexcept {
  if (std::exchange(closing_, true)) return;
  if (queue_.empty()) return below().close();
  below().pause_reading();
  moved_ = queued_;
  scheduler_->arm(*this, scheduler_->after(options_.close_timeout));
}

// The queue does not get shorter: because of the peer, or because it is not our turn?
void Throttle::expire() noexcept {
  if (std::exchange(moved_, queued_) == queued_ && below_full_) return below().abort();
  scheduler_->arm(*this, scheduler_->after(options_.close_timeout));
}

void Throttle::abort() noexcept {
  closing_ = true;
  below().abort();
}

void Throttle::connection_lost(const Failure& reason) {
  disarm();
  in_.unlink();
  out_.unlink();
  static_cast<detail::Posted&>(*this).unlink();
  queue_.clear();
  queued_ = queued_memory_ = 0;
  closing_ = true;
  const Failure why = reason_ ? reason_.take() : reason;
  Layer::connection_lost(why);
}

}  // namespace torc
