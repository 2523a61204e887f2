#include "net/tcp_transport.hpp"

#include <torc/base/errors.hpp>
#include <torc/net/errors.hpp>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

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

Failure lost(int code) {
  return Failure(ConnectionLost("connection lost: " + std::generic_category().message(code)));
}

// The ordinary end is the same for all: one failure, shared.
const Failure& done() {
  static thread_local const Failure failure{ConnectionDone()};
  return failure;
}

}  // namespace

// Bounds the flushing of close(): a peer that takes something is slow, one that takes nothing is gone.
struct TcpTransport::CloseLimit final : detail::Timer {
  explicit CloseLimit(TcpTransport& transport) noexcept : transport(transport) { arm(); }
  void arm() noexcept {
    left = transport.unacknowledged();
    transport.reactor_.arm(*this, transport.reactor_.now() + transport.options_.close_timeout);
  }
  void expire() noexcept override {
    if (transport.unacknowledged() < left) return arm();
    transport.end(Failure(ConnectionLost("connection lost: the peer did not take the rest within the close time-out")));
  }
  TcpTransport& transport;
  std::uint64_t left = 0;
};

// Marks a stretch that calls out. The last to end deletes a transport that was ended meanwhile.
class TcpTransport::Busy {
 public:
  explicit Busy(TcpTransport& transport) noexcept : transport_(transport) { ++transport_.busy_; }
  ~Busy() {
    if (--transport_.busy_ == 0 && transport_.delivered_) delete &transport_;
  }

 private:
  TcpTransport& transport_;
};

TcpTransport::TcpTransport(Reactor& reactor, UniqueFd socket, const TransportOptions& options)
    : reactor_(reactor), options_(options), socket_(std::move(socket)) {
  reactor_.watch(socket_.get(), *this);
}

TcpTransport::~TcpTransport() {
  ++busy_;  // the protocol's destructor may reach us once more, through our port
  if (owns_protocol_) delete protocol_;
  static_cast<detail::Resident&>(*this).unlink();  // the owner may destroy its list when it hears
  if (owner_) owner_->transport_gone();
}

Stream TcpTransport::stream(TcpTransport& transport) {
  transport.reactor_.house(transport);
  return Stream(transport);
}

const TransportOptions& TcpTransport::stream_options() noexcept {
  // Awaiting writes is a stream's back-pressure; who writes and reads at once must not wait for itself.
  static const TransportOptions options{.read_while_full = true};
  return options;
}

void TcpTransport::start(std::unique_ptr<Protocol> protocol) {
  owns_protocol_ = true;
  start(*protocol.release());
}

void TcpTransport::start(Protocol& protocol) {
  protocol_ = &protocol;
  protocol.transport_ = this;
  const Busy busy(*this);
  call([&] { protocol_->connection_made(); });
}

void TcpTransport::forget_protocol() noexcept {
  protocol_ = nullptr;
  reading_ = false;
}

void TcpTransport::drop() noexcept {
  const Busy busy(*this);
  if (!reason_) end(Failure(ConnectionAborted()));
  delivered_ = true;
}

void TcpTransport::drain() noexcept {
  const Busy busy(*this);
  if (protocol_ && !closing_) call([&] { protocol_->drain(); });
}

// Calls into the protocol; an exception from there ends the connection.
template <class F>
void TcpTransport::call(F&& f) noexcept {
  try {
    f();
  } catch (...) {
    Failure failure = Failure::current();
    detail::report_unhandled(failure, "in a protocol, whose connection is aborted");
    end(std::move(failure));
  }
}

void TcpTransport::ready(detail::Readiness readiness) noexcept {
  const Busy busy(*this);
  hung_up_ |= readiness.hung_up;
  readable_ |= readiness.readable || readiness.hung_up;
  if (readiness.writable) {
    writable_ = true;
    if (queue_) flush();
  }
  if (readable_ && reading_ && !closing_) {
    read();
  } else if (readiness.broken && !reason_) {
    // Nobody reads, so nobody would notice.
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size);
    // Without an error both ends have shut down in order; what came before lies there until it is read.
    if (code != 0) {
      end(lost(code));
    } else {
      readable_ = hung_up_ = true;
    }
  }
  if (send_error_ != 0) end(lost(send_error_));
}

void TcpTransport::run() noexcept {
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

// Bytes, 0 at the end, or -errno.
std::int64_t TcpTransport::receive(char* into, std::size_t size) noexcept {
  for (;;) {
    const auto count = ::recv(socket_.get(), into, size, 0);
    if (count > 0) {
      // A short read has emptied the socket; what comes next is a new edge.
      if (static_cast<std::size_t>(count) < size && !hung_up_) readable_ = false;
      return count;
    }
    if (count < 0 && errno == EINTR) continue;
    readable_ = hung_up_ = false;
    return count == 0 ? 0 : -errno;
  }
}

void TcpTransport::read() noexcept {
  const auto buffer = reactor_.read_buffer();
  in_read_ = true;
  for (int reads = 0; reading_ && may_have_data() && !closing_ && !reason_; ++reads) {
    if (full_ && !options_.read_while_full) break;  // goes on at the low-water mark
    if (reads == kReadsPerTurn) {
      take_turn();
      break;
    }
    const auto count = receive(buffer.data(), buffer.size());
    if (count > 0) {
      call([&] { protocol_->data_received({buffer.data(), static_cast<std::size_t>(count)}); });
    } else if (count == 0) {
      call([&] { protocol_->end_received(); });
    } else if (count != -EAGAIN && count != -EWOULDBLOCK) {
      end(lost(static_cast<int>(-count)));
    }
  }
  in_read_ = false;
}

// Asks for a call of run() in the next turn.
void TcpTransport::take_turn() noexcept {
  if (!static_cast<detail::Posted&>(*this).linked()) reactor_.post(*this);
}

void TcpTransport::resume_reading() noexcept {
  reading_ = true;
  if (may_have_data() && !in_read_ && !reason_) take_turn();
}

void TcpTransport::write(std::string_view data) noexcept {
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

void TcpTransport::send(std::string_view data) noexcept {
  if (!queue_ && writable_) {
    for (;;) {
      const auto sent = ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        data.remove_prefix(static_cast<std::size_t>(sent));
        if (data.empty()) return;
        writable_ = false;
        break;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return send_failed(errno);
      writable_ = false;
      break;
    }
  }
  queue(data);
}

// The peer is gone, but what it said last may still lie in the socket: why it reset the connection, for
// one. The end comes when that has been read, in this turn or the next; until then writing is held up.
void TcpTransport::send_failed(int code) noexcept {
  send_error_ = static_cast<std::uint16_t>(code);
  full_ = readable_ = true;
  queue_.reset();
  take_turn();
}

void TcpTransport::queue(std::string_view data) noexcept {
  if (queue_ && queue_->memory() > options_.write_limit) {
    return end(Failure(BufferFull("connection aborted: the peer does not read and " +
                                  std::to_string(queue_->memory()) + " bytes wait for it (write_limit)")));
  }
  try {
    if (!queue_) queue_ = std::make_unique<WriteQueue>();
    queue_->add(data);
  } catch (const std::bad_alloc&) {
    return end(Failure(BufferFull("connection aborted: no memory for what the peer does not read")));
  }
  check_marks();
}

void TcpTransport::write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept {
  if (closing_ || shutting_ || reason_ || send_error_ != 0) return;
  if (gathering_ && !gathered.bytes.empty()) {
    // Behind the gathered bytes; both leave when the cork is pulled.
    if (!queue_) queue_ = std::make_unique<WriteQueue>();
    queue_->add(gathered.bytes);
    gathered.bytes.clear();
  }
  if (!queue_) queue_ = std::make_unique<WriteQueue>();
  queue_->add_file(std::move(file), offset, length);
  corks_ == 0 ? flush() : check_marks();
}

// Tells the protocol when the queue crosses a mark. A file being sent counts as full: it is not memory,
// but answering more requests meanwhile would pile them up behind it.
void TcpTransport::check_marks() noexcept {
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
    if (reading_ && may_have_data() && !in_read_ && !reason_ && !closing_) take_turn();
  }
}

void TcpTransport::flush() noexcept {
  const Busy busy(*this);
  switch (queue_->flush(socket_.get())) {
    case WriteQueue::Progress::kDrained:
      queue_.reset();
      break;
    case WriteQueue::Progress::kBlocked:
      writable_ = false;
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

void TcpTransport::finish_if_flushed() noexcept {
  if (queue_ || reason_ || send_error_ != 0 || (gathering_ && !gathered.bytes.empty())) return;
  if (closing_) {
    end(done());
  } else if (shutting_) {
    ::shutdown(socket_.get(), SHUT_WR);
  }
}

void TcpTransport::begin_cork() noexcept {
  ++busy_;  // a corked transport stays, whatever happens to its owner
  if (corks_++ > 0 || gathered.owner) return;
  gathering_ = true;
  gathered.owner = this;
}

void TcpTransport::end_cork() noexcept {
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

void TcpTransport::close() noexcept {
  if (closing_ || reason_) return;
  closing_ = true;
  finish_if_flushed();
  if (reason_) return;
  close_limit_ = std::make_unique<CloseLimit>(*this);
}

std::uint64_t TcpTransport::unacknowledged() const noexcept {
  int held = 0;
  if (::ioctl(socket_.get(), SIOCOUTQ, &held) != 0) held = 0;
  return unsent() + static_cast<std::uint64_t>(held);
}

void TcpTransport::abort() noexcept {
  if (!reason_) end(Failure(ConnectionAborted()));
}

void TcpTransport::shutdown_write() noexcept {
  if (shutting_ || closing_ || reason_) return;
  shutting_ = true;
  finish_if_flushed();
}

// The connection is over. Nothing is told yet: the caller may be the protocol itself.
void TcpTransport::end(Failure reason) noexcept {
  if (reason_) return;
  reactor_.unwatch(socket_.get(), *this);
  if (!reason.check<ConnectionDone>()) {
    // The peer must see that the stream was cut.
    const linger cut{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
  }
  socket_.reset();
  queue_.reset();
  close_limit_.reset();
  reason_ = std::move(reason);
  reactor_.post(*this);
}

void TcpTransport::deliver_end() noexcept {
  if (delivered_) return;
  delivered_ = true;
  if (!protocol_) return;
  try {
    protocol_->connection_lost(reason_.failure);
  } catch (...) {
    detail::report_unhandled(Failure::current(), "in connection_lost");
  }
}

void TcpTransport::reactor_stopping() noexcept {
  end(Failure(ReactorStopped("the reactor stopped with the connection open")));
}

void TcpTransport::reactor_gone() noexcept {
  if (!protocol_) drop();
}

SocketAddress TcpTransport::peer() const {
  sockaddr_storage address;
  socklen_t size = sizeof address;
  if (!socket_ || ::getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&address), size).value_or(SocketAddress());
}

SocketAddress TcpTransport::local() const {
  sockaddr_storage address;
  socklen_t size = sizeof address;
  if (!socket_ || ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&address), size).value_or(SocketAddress());
}

}  // namespace torc
