#include "net/fd_transport.hpp"

#include <torc/base/errors.hpp>
#include <torc/net/errors.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace torc {

namespace {

constexpr std::size_t kGatherWhole = 16 * 1024;  // a corked write this large goes out beside the gathered ones
constexpr std::size_t kGatherAll = 64 * 1024;    // gathered bytes that do not wait for the cork's end
constexpr int kReadsPerTurn = 4;

// Where corked writes gather. One serves a thread: a cork rarely spans two transports, and one that
// finds it taken queues instead.
struct Gathered {
  const Transport* owner = nullptr;
  std::string bytes;
};
thread_local Gathered gathered;

// The ordinary end is the same for all: one failure, shared.
const Failure& done() {
  static thread_local const Failure failure{ConnectionDone()};
  return failure;
}

}  // namespace

// Bounds the flushing of close(): a peer that takes something is slow, one that takes nothing is gone.
struct FdTransport::CloseLimit final : detail::Timer {
  explicit CloseLimit(FdTransport& transport) noexcept : transport(transport) { arm(); }
  void arm() noexcept {
    left = transport.unacknowledged();
    transport.reactor_.arm(*this, transport.reactor_.after(transport.options_.close_timeout));
  }
  void expire() noexcept override {
    if (transport.unacknowledged() < left) return arm();
    transport.end(Failure(ConnectionLost("connection lost: the peer did not take the rest within the close time-out")));
  }
  FdTransport& transport;
  std::uint64_t left = 0;
};

// Told when the descriptor for writing is ready, where it is not the one for reading.
struct FdTransport::Output final : detail::Watch {
  explicit Output(FdTransport& transport) : transport(transport) {}
  void ready(detail::Readiness readiness) noexcept override {
    const Busy busy(transport);
    if (readiness.broken && !transport.reason_) {
      transport.writable_ = true;  // the write that fails tells why
      if (!transport.queue_ && transport.fd_.in() < 0) return transport.end(lost(EPIPE));
    }
    if (readiness.writable || readiness.broken) transport.writable();
    if (transport.send_error_ != 0) transport.end(lost(transport.send_error_));
  }
  detail::Readiness awaited() const noexcept override { return {.writable = !transport.writable_}; }
  FdTransport& transport;
};

// Keeps a reactor that stops turning, within its limit, while what was written before the close goes out. Not for
// sockets: their peer is somebody else's affair, but behind pipes and terminals is who started the program.
class FdTransport::LastWords final : public detail::OperationOf<void> {
 public:
  explicit LastWords(FdTransport& transport) noexcept : transport_(&transport) {}
  void said() noexcept {
    transport_ = nullptr;
    fire(Outcome<void>());
  }

 private:
  void discard() noexcept override { delete this; }
  void abandon() noexcept override {
    if (transport_) transport_->last_words_ = nullptr;
    delete this;
  }
  FdTransport* transport_;
};

FdTransport::FdTransport(Reactor& reactor, StreamFd fd, const TransportOptions& options, Unwatched) noexcept
    : reactor_(reactor), options_(options), fd_(std::move(fd)) {}

FdTransport::FdTransport(Reactor& reactor, StreamFd fd, const TransportOptions& options)
    : FdTransport(reactor, std::move(fd), options, Unwatched()) {
  if (fd_.in() >= 0) reactor_.watch(fd_.in(), *this);
  if (fd_.out() < 0 || fd_.out() == fd_.in()) return;
  try {
    output_ = std::make_unique<Output>(*this);
    reactor_.watch(fd_.out(), *output_);
  } catch (...) {
    if (fd_.in() >= 0) reactor_.unwatch(fd_.in(), *this);
    throw;
  }
}

void FdTransport::unwatch() noexcept {
  if (fd_.in() >= 0) reactor_.unwatch(fd_.in(), *this);
  if (output_ && fd_.out() >= 0) reactor_.unwatch(fd_.out(), *output_);
}

FdTransport::~FdTransport() {
  ++busy_;  // the protocol's destructor may reach us once more, through our port
  destroy_protocol();
  static_cast<detail::Resident&>(*this).unlink();  // the owner may destroy its list when it hears
  if (owner_) owner_->transport_gone();
}

Stream FdTransport::stream(Reactor& reactor, StreamFd fd) {
  FdTransport& transport = make(reactor, std::move(fd));
  reactor.house(transport);
  return Stream(transport);
}

const TransportOptions& FdTransport::standard_options() noexcept {
  static const TransportOptions options;
  return options;
}

void FdTransport::protocol_started() {
  if (!reading_) resume_reading();  // the one before let go
  const Busy busy(*this);
  call([&] { protocol_->connection_made(); });
}

void FdTransport::drop() noexcept {
  const Busy busy(*this);
  if (!reason_) end(Failure(ConnectionAborted()));
  delivered_ = true;
}

void FdTransport::drain() noexcept {
  const Busy busy(*this);
  if (protocol_ && !closing_) call([&] { protocol_->drain(); });
}

void FdTransport::ready(detail::Readiness readiness) noexcept {
  const Busy busy(*this);
  hung_up_ |= readiness.hung_up;
  readable_ |= readiness.readable || readiness.hung_up;
  if (readiness.writable && !output_) writable();
  if (readable_ && reading_ && !closing_) {
    read();
  } else if (readiness.broken && !reason_) {
    broken();
  }
  if (send_error_ != 0) end(lost(send_error_));
}

void FdTransport::writable() noexcept {
  writable_ = true;
  if (queue_) flush();
}

// Nobody reads, so nobody would notice.
void FdTransport::broken() noexcept {
  const int code = fd_.pending_error();
  // Without an error both ends have shut down in order; what came before lies there until it is read.
  if (code != 0) {
    end(lost(code));
  } else {
    readable_ = hung_up_ = true;
  }
}

void FdTransport::run() noexcept {
  const Busy busy(*this);
  if (reason_) return deliver_end();
  if (queue_ && writable_) {
    flush();
  } else if (full_ && !queue_ && send_error_ == 0) {
    check_marks();
  }
  if (readable_ && reading_ && !closing_) read();
  if (send_error_ != 0) end(lost(send_error_));
}

void FdTransport::read() noexcept {
  const auto buffer = reactor_.read_buffer();
  in_read_ = true;
  for (int reads = 0; reading_ && may_have_data() && !closing_ && !reason_; ++reads) {
    if (held_back()) break;  // goes on at the low-water mark
    if (reads == kReadsPerTurn) {
      take_turn();
      break;
    }
    const std::size_t most = std::min(buffer.size(), protocol_->max_read());
    const auto count = takes_descriptors_ ? receive_passed(buffer.first(most)) : fd_.receive(buffer.data(), most);
    if (count > 0) {
      // A short read has emptied the descriptor; what comes next is a new edge.
      if (static_cast<std::size_t>(count) < most && !hung_up_ && !fd_.is_local()) readable_ = false;
      call([&] { protocol_->data_received({buffer.data(), static_cast<std::size_t>(count)}); });
      continue;
    }
    readable_ = hung_up_ = false;
    if (count == 0) {
      end_found();
    } else if (count != -EAGAIN && count != -EWOULDBLOCK) {
      end(lost(static_cast<int>(-count)));
    }
  }
  in_read_ = false;
}

// Found again when more has happened behind it: room to write, or a break, which reading does not tell any more.
void FdTransport::end_found() noexcept {
  if (end_told_) {
    if (const int code = fd_.pending_error(); code != 0) end(lost(code));
  } else {
    end_told_ = true;
    call([&] { protocol_->end_received(); });
  }
}

std::int64_t FdTransport::receive_passed(std::span<char> buffer) noexcept {
  std::vector<UniqueFd> passed;
  const auto count = fd_.receive(buffer.data(), buffer.size(), passed);
  for (auto& each : passed) {
    if (protocol_ && !reason_ && !closing_) call([&] { protocol_->descriptor_received(std::move(each)); });
  }
  return protocol_ && !reason_ && !closing_ ? count : -EAGAIN;
}

// Asks for a call of run() in the next turn.
void FdTransport::take_turn() noexcept {
  if (!static_cast<detail::Posted&>(*this).linked()) reactor_.post(*this);
}

void FdTransport::resume_reading() noexcept {
  reading_ = true;
  if (may_have_data() && !in_read_ && !reason_) take_turn();
}

void FdTransport::write(std::string_view data) noexcept {
  if (closing_ || shutting_ || reason_ || send_error_ != 0 || data.empty()) return;
  if (gathering_) {
    if (data.size() < kGatherWhole) {
      gathered.bytes += data;
      if (gathered.bytes.size() < kGatherAll) return;
      send(gathered.bytes);
      gathered.bytes.clear();
      return;
    }
    // Too large to copy: the gathered bytes go first, in the same packet where possible.
    if (!gathered.bytes.empty()) {
      send(gathered.bytes);
      gathered.bytes.clear();
    }
  }
  send(data);
}

void FdTransport::send(std::string_view data) noexcept {
  if (!queue_ && writable_) {
    const auto sent = fd_.send(data);
    if (sent >= 0) {
      data.remove_prefix(static_cast<std::size_t>(sent));
      if (data.empty()) return;
    } else if (sent != -EAGAIN && sent != -EWOULDBLOCK) {
      return send_failed(static_cast<int>(-sent));
    }
    blocked();
  }
  queue(data);
}

// The descriptor takes no more.
void FdTransport::blocked() noexcept {
  writable_ = false;
  if (watches_writing_) return;
  watches_writing_ = true;
  await_room();
}

void FdTransport::await_room() noexcept {
  reactor_.watch_writing(fd_.out(), output_ ? static_cast<detail::Watch&>(*output_) : *this);
}

// The peer is gone, but what it said last may still lie in the socket: why it reset the connection, for
// one. The end comes when that has been read, in this turn or the next; until then writing is held up.
void FdTransport::send_failed(int code) noexcept {
  send_error_ = static_cast<std::uint16_t>(code);
  full_ = readable_ = true;
  queue_.reset();
  take_turn();
  if (reading_ && !closing_) resume_reading();
}

void FdTransport::queue(std::string_view data) noexcept {
  if (queue_ && queue_->memory() > options_.write_limit) return end_full(queue_->memory());
  try {
    if (!queue_) queue_ = std::make_unique<WriteQueue>();
    queue_->add(data);
  } catch (const std::bad_alloc&) {
    return end(Failure(BufferFull("connection aborted: no memory for what the peer does not read")));
  }
  check_marks();
}

void FdTransport::write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept {
  if (closing_ || shutting_ || reason_ || send_error_ != 0) return;
  queue_behind_gathered().add_file(std::move(file), offset, length);
  corks_ == 0 ? flush() : check_marks();
}

void FdTransport::write_descriptor(UniqueFd descriptor, std::string_view data) noexcept {
  if (!fd_.is_local() || data.empty()) return abort();
  if (closing_ || shutting_ || reason_ || send_error_ != 0) return;
  if (queue_ && queue_->weight() > options_.write_limit) return end_full(queue_->weight());
  queue_behind_gathered().add_descriptor(std::move(descriptor), data);
  corks_ == 0 ? flush() : check_marks();
}

// What cannot be gathered waits behind what was; both leave when the cork is pulled.
WriteQueue& FdTransport::queue_behind_gathered() {
  if (!queue_) queue_ = std::make_unique<WriteQueue>();
  if (gathering_ && !gathered.bytes.empty()) {
    queue_->add(gathered.bytes);
    gathered.bytes.clear();
  }
  return *queue_;
}

// Tells the protocol when the queue crosses a mark. A file being sent counts as full: it is not memory,
// but answering more requests meanwhile would pile them up behind it.
void FdTransport::check_marks() noexcept {
  const std::uint64_t unsent = queue_ ? queue_->weight() : 0;
  if (!full_ && unsent > options_.high_water) {
    full_ = true;
    const Busy busy(*this);
    if (protocol_) call([&] { protocol_->pause_writing(); });
  } else if (full_ && unsent <= options_.low_water) {
    if (resuming_) return take_turn();  // what is written there may leave at once: no deeper, but later
    full_ = false;
    const Busy busy(*this);
    resuming_ = true;
    if (protocol_) call([&] { protocol_->resume_writing(); });
    resuming_ = false;
    if (reading_ && !reason_ && !closing_) resume_reading();
  }
}

void FdTransport::flush() noexcept {
  const Busy busy(*this);
  switch (queue_->flush(fd_)) {
    case WriteQueue::Progress::kDrained:
      queue_.reset();
      if (watches_writing_) flushed();
      break;
    case WriteQueue::Progress::kBlocked:
      blocked();
      break;
    case WriteQueue::Progress::kBudgetSpent:
      take_turn();
      break;
    case WriteQueue::Progress::kFileTooShort:
      return end(Failure(ConnectionLost("connection aborted: a file became shorter while it was sent")));
    case WriteQueue::Progress::kFailed:
      return send_failed(errno);
  }
  check_marks();
  finish_if_flushed();
}

void FdTransport::finish_if_flushed() noexcept {
  if (queue_ || reason_ || send_error_ != 0 || (gathering_ && !gathered.bytes.empty())) return;
  if (closing_) {
    end(done());
  } else if (shutting_) {
    shut_down();
  }
}

void FdTransport::begin_cork() noexcept {
  ++busy_;  // a corked transport stays, whatever happens to its owner
  if (corks_++ > 0 || gathered.owner) return;
  gathering_ = true;
  gathered.owner = this;
}

void FdTransport::end_cork() noexcept {
  const Busy busy(*this);
  --busy_;
  if (--corks_ > 0) return;
  if (gathering_) {
    gathering_ = false;
    gathered.owner = nullptr;
    if (!gathered.bytes.empty() && !reason_ && send_error_ == 0) send(gathered.bytes);
    gathered.bytes.clear();
    if (gathered.bytes.capacity() > kGatherWhole * 16) gathered.bytes.shrink_to_fit();
  }
  if (reason_) return;
  if (queue_ && writable_) return flush();
  finish_if_flushed();
}

void FdTransport::close() noexcept {
  if (closing_ || reason_) return;
  closing_ = true;
  finish_if_flushed();
  if (reason_) return;
  close_limit_ = std::make_unique<CloseLimit>(*this);
}

std::uint64_t FdTransport::unacknowledged() const noexcept { return unsent() + fd_.held(); }

void FdTransport::abort() noexcept {
  if (!reason_) end(Failure(ConnectionAborted()));
}

void FdTransport::shutdown_write() noexcept {
  if (shutting_ || closing_ || reason_) return;
  shutting_ = true;
  finish_if_flushed();
}

// For a pair of descriptors this closes the one for writing.
void FdTransport::shut_down() noexcept {
  if (output_ && fd_.out() >= 0) reactor_.unwatch(fd_.out(), *output_);
  fd_.shutdown_write();
}

Failure FdTransport::lost(int code) {
  return Failure(ConnectionLost("connection lost: " + std::generic_category().message(code)));
}

// The connection is over. Nothing is told yet: the caller may be the protocol itself.
void FdTransport::end(Failure reason) noexcept {
  if (reason_) return;
  unwatch();
  if (!reason.check<ConnectionDone>()) fd_.cut();
  fd_.close();
  queue_.reset();
  close_limit_.reset();
  reason_ = std::move(reason);
  reactor_.post(*this);
  if (last_words_) std::exchange(last_words_, nullptr)->said();
}

void FdTransport::end_full(std::uint64_t waiting) noexcept {
  end(Failure(BufferFull("connection aborted: the peer does not read and " + std::to_string(waiting) +
                         " bytes wait for it (write_limit)")));
}

void FdTransport::deliver_end() noexcept {
  if (delivered_) return;
  delivered_ = true;
  if (!protocol_) return;
  try {
    protocol_->connection_lost(reason_.failure);
  } catch (...) {
    detail::report_unhandled(Failure::current(), "in connection_lost");
  }
}

void FdTransport::check_release() const {
  const auto refuse = [](const char* why) { throw CannotRelease(std::string("the connection cannot be given away: ") + why); };
  if (reason_ || send_error_ != 0 || closing_) refuse("it is over or closing");
  if (shutting_) refuse("its writing side was shut down");
  if (!fd_.is_socket()) refuse("it is no socket");
  if (queue_ || corks_ > 0 || gathering_) refuse("it has bytes to send; wait for the write, or let the peer read");
}

ReleasedSocket FdTransport::release_socket() {
  check_release();
  const Busy busy(*this);
  forget_protocol();
  unwatch();
  ReleasedSocket released{.socket = fd_.release(), .unread = {}};
  end(done());
  delivered_ = true;  // the last busy frame deletes this
  return released;
}

void FdTransport::reactor_stopping() noexcept {
  if (closing_ && queue_ && !fd_.is_socket()) {
    last_words_ = new LastWords(*this);
    return Deferred<void>(last_words_).detach();
  }
  end(Failure(ReactorStopped("the reactor stopped with the connection open")));
}

// Whoever holds it may go later, and finds nothing then.
void FdTransport::reactor_gone() noexcept {
  if (held()) protocol_->transport_gone();
  drop();
}

}  // namespace torc
