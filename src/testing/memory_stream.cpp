#include <torc/testing/memory_stream.hpp>

#include "net/write_queue.hpp"

#include <torc/async/operation.hpp>
#include <torc/async/scheduler.hpp>
#include <torc/net/errors.hpp>

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <system_error>

namespace torc::testing {

namespace {

constexpr int kReadsPerTurn = 4;
constexpr std::size_t kGather = 64 * 1024;  // bytes that wait for the end of a cork

Failure lost(int code) {
  return Failure(ConnectionLost("connection lost: " + std::generic_category().message(code)));
}

class MemoryTransport;

// What is under way to one end: pieces in their order, each with the moment it arrives.
struct Wire {
  enum class Kind { kBytes, kEnd, kReset };
  struct Piece {
    Kind kind;
    Instant due;
    std::string bytes;
  };
  std::deque<Piece> pieces;
  std::size_t size = 0;
  MemoryTransport* reader = nullptr;  // until it has ended
};

// "The system" between two ends, which share it.
struct System {
  System(Scheduler& scheduler, MemoryOptions options) : scheduler(&scheduler), options(std::move(options)) {}
  int fault() const {
    int error = options.fault ? options.fault() : 0;
    while (error == EINTR) error = options.fault();
    return error;
  }
  Instant now() const noexcept { return scheduler ? scheduler->now() : Instant::max(); }
  void send(Wire& to, Wire::Kind kind, std::string_view bytes = {}) noexcept;

  Scheduler* scheduler;  // null when it is gone
  const MemoryOptions options;
  Wire wires[2];
};

// The same states as those of FdTransport; it owns itself, and its protocol unless that is borrowed.
class MemoryTransport final : public Transport, public detail::Posted {
 public:
  MemoryTransport(std::shared_ptr<System> system, int end)
      : system_(std::move(system)), end_(end), in_(system_->wires[end]), out_(system_->wires[1 - end]) {
    in_.reader = this;
    wake_.arm(Instant::max());
  }

  void write(std::string_view data) noexcept override {
    if (!accepts() || data.empty()) return;
    const bool gathers = corks_ > 0 && queue_.memory() + data.size() <= kGather;
    if (queue_.memory() > options().write_limit) {
      return end(Failure(BufferFull("connection aborted: the peer does not read and " +
                                    std::to_string(queue_.memory()) + " bytes wait for it (write_limit)")));
    }
    queue_.add(data);
    if (!gathers) flush();
  }
  void write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept override {
    if (!accepts()) return;
    queue_.add_file(std::move(file), offset, length);
    corks_ == 0 ? flush() : check_marks();
  }
  std::uint64_t unsent() const noexcept override { return queue_.unsent(); }
  std::uint64_t unacknowledged() const noexcept override { return unsent() + (out_.reader ? out_.size : 0); }
  bool full() const noexcept override { return full_; }

  bool closing() const noexcept override { return closing_ || static_cast<bool>(reason_); }
  void close() noexcept override {
    if (!system_->scheduler) return end_without_scheduler();
    if (closing_ || reason_) return;
    closing_ = true;
    finish_if_flushed();
    if (!reason_) close_limit_.emplace(*this);
  }
  void abort() noexcept override {
    if (!system_->scheduler) return end_without_scheduler();
    if (!reason_) end(Failure(ConnectionAborted()));
  }
  void shutdown_write() noexcept override {
    if (shutting_ || closing_ || reason_) return;
    shutting_ = true;
    finish_if_flushed();
  }
  void pause_reading() noexcept override { reading_ = false; }
  void resume_reading() noexcept override {
    reading_ = true;
    if (arrived() && !in_read_ && !reason_) take_turn();
  }
  SocketAddress peer() const override { return address(1 - end_); }
  SocketAddress local() const override { return address(end_); }

  // From the system.

  /// Something is under way to this end.
  void expect() noexcept {
    arrived() ? take_turn() : wait_for_arrival();
  }
  /// The system has room again.
  void room() noexcept {
    if (!queue_.empty()) take_turn();
  }

  // As the output of the queue: counts, or -errno.
  std::int64_t send(std::span<iovec> pieces, bool) noexcept {
    const std::string_view data(static_cast<const char*>(pieces[0].iov_base), pieces[0].iov_len);
    return transfer(data.size(), [&](std::size_t count) {
      system_->send(out_, Wire::Kind::kBytes, data.substr(0, count));
      return static_cast<std::int64_t>(count);
    });
  }
  std::int64_t send(std::string_view, int) noexcept { return -EOPNOTSUPP; }  // no descriptor is ever queued
  std::int64_t send_file(int file, off_t& offset, std::size_t size) noexcept {
    return transfer(size, [&](std::size_t count) -> std::int64_t {
      std::string bytes(count, '\0');
      const auto got = ::pread(file, bytes.data(), count, offset);
      if (got < 0) return -errno;
      offset += got;
      system_->send(out_, Wire::Kind::kBytes, std::string_view(bytes).substr(0, static_cast<std::size_t>(got)));
      return got;
    });
  }

 private:
  ~MemoryTransport() {
    ++busy_;
    leave();
    destroy_protocol();
  }

  // The last of the calls on the stack to end deletes what has ended meanwhile.
  class Busy {
   public:
    explicit Busy(MemoryTransport& transport) noexcept : transport_(transport) { ++transport_.busy_; }
    ~Busy() {
      if (--transport_.busy_ == 0 && transport_.delivered_) delete &transport_;
    }

   private:
    MemoryTransport& transport_;
  };

  // Set to the next arrival, or to the end of time: told in any case that the scheduler stops or is gone.
  struct Wake final : detail::Timer {
    explicit Wake(MemoryTransport& transport) noexcept : transport(transport) {}
    void arm(Instant due) noexcept { transport.system_->scheduler->arm(*this, due); }
    void expire() noexcept override {
      arm(Instant::max());
      transport.run();
    }
    void stopped() noexcept override {
      arm(Instant::max());
      transport.end(Failure(ReactorStopped("the reactor stopped with the connection open")));
    }
    void wheel_gone() noexcept override {
      MemoryTransport& gone = transport;
      gone.system_->scheduler = nullptr;
      gone.unlink();
      gone.close_limit_.reset();
      if (gone.owns_protocol_ || !gone.protocol_) delete &gone;
    }
    MemoryTransport& transport;
  };

  // Bounds the flushing of close(): a peer that takes something is slow, one that takes nothing is gone.
  struct CloseLimit final : detail::Timer {
    explicit CloseLimit(MemoryTransport& transport) noexcept : transport(transport) { arm(); }
    void arm() noexcept {
      left = transport.unacknowledged();
      auto& scheduler = *transport.system_->scheduler;
      scheduler.arm(*this, scheduler.after(transport.options().close_timeout));
    }
    void expire() noexcept override {
      if (transport.unacknowledged() < left) return arm();
      transport.end(Failure(ConnectionLost("connection lost: the peer did not take the rest within the close time-out")));
    }
    MemoryTransport& transport;
    std::uint64_t left = 0;
  };

  void protocol_started() override {
    if (!reading_) resume_reading();  // the one before let go
    const Busy busy(*this);
    call([&] { protocol_->connection_made(); });
  }
  void begin_cork() noexcept override {
    ++busy_;
    ++corks_;
  }
  void end_cork() noexcept override {
    const Busy busy(*this);
    --busy_;
    if (--corks_ == 0 && !reason_ && send_error_ == 0) flush();
  }

  // A turn: the end is told, or what can go out does, then what has come is read.
  void run() noexcept override {
    const Busy busy(*this);
    if (reason_) return deliver_end();
    if (!queue_.empty()) {
      if (corks_ == 0) flush();
    } else if (full_ && send_error_ == 0) {
      check_marks();
    }
    if (reading_ && !closing_) {
      read();
    } else if (reset_arrived()) {
      end(lost(ECONNRESET));  // nobody reads, so nobody would notice
    }
    if (send_error_ != 0) end(lost(send_error_));
    if (!reason_) wait_for_arrival();
  }

  void read() noexcept {
    in_read_ = true;
    for (int reads = 0; reading_ && arrived() && !closing_ && !reason_; ++reads) {
      if (full_ && !protocol_->reads_while_full()) break;  // goes on at the low-water mark
      if (reads == kReadsPerTurn) {
        take_turn();
        break;
      }
      if (const int error = system_->fault()) {
        error == EAGAIN ? take_turn() : end(lost(error));
        break;
      }
      auto& piece = in_.pieces.front();
      if (piece.kind == Wire::Kind::kReset) {
        end(lost(ECONNRESET));
        break;
      }
      if (piece.kind == Wire::Kind::kEnd) {
        in_.pieces.pop_front();
        call([&] { protocol_->end_received(); });
        continue;
      }
      const std::string bytes = take(piece);
      call([&] { protocol_->data_received(bytes); });
    }
    in_read_ = false;
  }

  std::string take(Wire::Piece& piece) {
    const std::size_t count = std::min({piece.bytes.size(), system_->options.most_read, protocol_->max_read()});
    std::string bytes = piece.bytes.substr(0, count);
    piece.bytes.erase(0, count);
    if (piece.bytes.empty()) in_.pieces.pop_front();
    in_.size -= count;
    if (out_.reader) out_.reader->room();
    return bytes;
  }

  // Gives the system as much as it takes now of `size` bytes, by `send`.
  template <class Send>
  std::int64_t transfer(std::size_t size, Send&& send) noexcept {
    if (reset_arrived()) return -ECONNRESET;
    const std::size_t room = system_->options.capacity - std::min(system_->options.capacity, out_.size);
    if (room == 0 && out_.reader) return -EAGAIN;
    if (const int error = system_->fault()) {
      if (error == EAGAIN) take_turn();
      return -error;
    }
    size = std::min(size, system_->options.most_written);
    if (out_.reader) return send(std::min(size, room));
    system_->send(in_, Wire::Kind::kReset);  // nobody is there to take it
    return static_cast<std::int64_t>(size);
  }

  void flush() noexcept {
    const Busy busy(*this);
    switch (queue_.flush(*this)) {
      case WriteQueue::Progress::kDrained:
      case WriteQueue::Progress::kBlocked:
        break;
      case WriteQueue::Progress::kBudgetSpent:
        take_turn();
        break;
      case WriteQueue::Progress::kFileTooShort:
        return end(Failure(ConnectionLost("connection aborted: a file became shorter while it was sent")));
      case WriteQueue::Progress::kFailed:
        // What the peer said last is read before the end is told, in this turn or the next.
        send_error_ = errno;
        full_ = true;
        queue_ = {};
        return take_turn();
    }
    check_marks();
    finish_if_flushed();
  }

  void check_marks() noexcept {
    const std::uint64_t weight = queue_.weight();
    if (!full_ && weight > options().high_water) {
      full_ = true;
      const Busy busy(*this);
      if (protocol_) call([&] { protocol_->pause_writing(); });
    } else if (full_ && weight <= options().low_water) {
      if (resuming_) return take_turn();
      full_ = false;
      const Busy busy(*this);
      resuming_ = true;
      if (protocol_) call([&] { protocol_->resume_writing(); });
      resuming_ = false;
      if (reading_ && arrived() && !in_read_ && !reason_ && !closing_) take_turn();
    }
  }

  void finish_if_flushed() noexcept {
    if (!queue_.empty() || reason_ || send_error_ != 0) return;
    if (closing_) {
      static thread_local const Failure done{ConnectionDone()};
      end(done);
    } else if (shutting_) {
      tell_end();
    }
  }
  void tell_end() noexcept {
    if (!std::exchange(end_told_, true)) system_->send(out_, Wire::Kind::kEnd);
  }

  // Nothing is told yet: the caller may be the protocol itself.
  void end(Failure reason) noexcept {
    if (reason_) return;
    take_turn();  // before the peer has its own, as it would be over a network
    reason.check<ConnectionDone>() ? tell_end() : system_->send(out_, Wire::Kind::kReset);
    reason_ = std::move(reason);
    leave();
    close_limit_.reset();
    queue_ = {};
  }
  // What was under way to this end is lost, and with it what held its peer back.
  void leave() noexcept {
    in_.reader = nullptr;
    in_.pieces.clear();
    in_.size = 0;
    if (out_.reader && system_->scheduler) out_.reader->room();
  }
  void end_without_scheduler() noexcept {
    if (!protocol_ && busy_ == 0) delete this;
  }
  void deliver_end() noexcept {
    if (std::exchange(delivered_, true) || !protocol_) return;
    try {
      protocol_->connection_lost(reason_.failure);
    } catch (...) {
      detail::report_unhandled(Failure::current(), "in connection_lost");
    }
  }
  template <class F>
  void call(F&& f) noexcept {
    try {
      f();
    } catch (...) {
      Failure failure = Failure::current();
      detail::report_unhandled(failure, "in a protocol, whose connection is aborted");
      end(std::move(failure));
    }
  }

  const TransportOptions& options() const noexcept { return system_->options.transport; }
  const SocketAddress& address(int end) const noexcept {
    return end == 0 ? system_->options.first_address : system_->options.second_address;
  }
  bool accepts() const noexcept { return !closing_ && !shutting_ && !reason_ && send_error_ == 0 && system_->scheduler; }
  bool arrived() const noexcept { return !in_.pieces.empty() && in_.pieces.front().due <= system_->now(); }
  bool reset_arrived() const noexcept {
    return !in_.pieces.empty() && in_.pieces.back().kind == Wire::Kind::kReset && in_.pieces.back().due <= system_->now();
  }
  void wait_for_arrival() noexcept {
    for (const auto& piece : in_.pieces) {
      if (piece.due > system_->now()) return wake_.arm(piece.due);
    }
  }
  void take_turn() noexcept {
    if (system_->scheduler && !linked()) system_->scheduler->post(*this);
  }

  const std::shared_ptr<System> system_;
  const int end_;
  Wire& in_;
  Wire& out_;
  Wake wake_{*this};
  std::optional<CloseLimit> close_limit_;
  WriteQueue queue_;
  FailureSlot reason_;  // full: ended
  int busy_ = 0, corks_ = 0;
  int send_error_ = 0;  // not 0: over, once what has come is read
  bool reading_ = true, in_read_ = false;
  bool full_ = false, resuming_ = false;
  bool closing_ = false, shutting_ = false, end_told_ = false;
  bool delivered_ = false;  // connection_lost was called, or nobody is to be told
};

void System::send(Wire& to, Wire::Kind kind, std::string_view bytes) noexcept {
  if (!to.reader || !scheduler) return;
  const Instant due = options.latency == Duration::zero() ? Instant::min() : scheduler->after(options.latency);
  auto& pieces = to.pieces;
  if (!pieces.empty() && pieces.back().kind == Wire::Kind::kReset) return;  // nothing comes after it
  if (kind == Wire::Kind::kBytes && !pieces.empty() && pieces.back().kind == kind && pieces.back().due == due) {
    pieces.back().bytes += bytes;
  } else {
    pieces.push_back({kind, due, std::string(bytes)});
  }
  to.size += bytes.size();
  to.reader->expect();
}

std::pair<Transport*, Transport*> connect(MemoryOptions options) {
  auto system = std::make_shared<System>(Scheduler::required("testing::connected_pair"), std::move(options));
  return {new MemoryTransport(system, 0), new MemoryTransport(system, 1)};
}

}  // namespace

Fault fail_after(std::size_t operations, int error) {
  return [left = std::make_shared<std::size_t>(operations), error] {
    if (*left > 0) return --*left, 0;
    return error;
  };
}

std::pair<Stream, Stream> connected_pair(MemoryOptions options) {
  const auto [first, second] = connect(std::move(options));
  return {Stream(*first), Stream(*second)};
}

std::pair<Connection, Stream> connected(std::unique_ptr<Protocol> protocol, MemoryOptions options) {
  auto [first, second] = connected_pair(std::move(options));
  return {Connection::serve(std::move(first), std::move(protocol)), std::move(second)};
}

std::pair<Connection, Connection> connected(std::unique_ptr<Protocol> first, std::unique_ptr<Protocol> second,
                                            MemoryOptions options) {
  auto [one, other] = connected(std::move(first), std::move(options));
  return {std::move(one), Connection::serve(std::move(other), std::move(second))};
}

}  // namespace torc::testing
