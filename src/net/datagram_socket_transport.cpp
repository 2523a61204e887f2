#include "net/datagram_socket_transport.hpp"

#include <torc/base/errors.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace torc {

namespace {

constexpr int kBatchesPerTurn = 4;
constexpr int kFlushesPerTurn = 8;
constexpr std::size_t kJoined = 65'535;      // bytes of datagrams that the system joined
constexpr std::size_t kFaultsHeld = 1024;    // beyond, they are only counted
constexpr Duration kTryAgain = std::chrono::milliseconds(2);

// What a pending error of the socket's may be: not about the datagram at hand, but about one before.
bool may_be_late(int code) noexcept {
  return code == ECONNREFUSED || code == EHOSTUNREACH || code == ENETUNREACH || code == EMSGSIZE || code == EACCES ||
         code == EPROTO || code == ENOPROTOOPT || code == EHOSTDOWN || code == ENONET || code == EOPNOTSUPP ||
         code == ECONNRESET;
}

}  // namespace

// Marks a stretch that calls out. The last to end deletes a transport that was dropped meanwhile.
class DatagramSocketTransport::Busy {
 public:
  explicit Busy(DatagramSocketTransport& transport) noexcept : transport_(transport) { ++transport_.busy_; }
  ~Busy() {
    if (--transport_.busy_ == 0 && transport_.dropped_) delete &transport_;
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  DatagramSocketTransport& transport_;
};

DatagramSocketTransport::DatagramSocketTransport(Reactor& reactor, detail::OpenDatagrams open,
                                                 const DatagramOptions& options)
    : reactor_(reactor),
      buffers_(reactor.service<detail::DatagramBuffers>()),
      options_(options),
      socket_(std::move(open.socket)),
      family_(open.family),
      address_(std::move(open.address)),
      path_(std::move(open.path)),
      segment_(options.offload && open.family != AF_UNIX) {
  reactor_.watch(socket_.get(), *this);
  reactor_.house(*this);
}

void DatagramSocketTransport::start(std::unique_ptr<DatagramProtocol> protocol) {
  protocol_ = std::move(protocol);
  protocol_->transport_ = this;
  const Busy busy(*this);
  call([&] { protocol_->started(); });
}

void DatagramSocketTransport::drop() noexcept {
  const Busy busy(*this);
  dropped_ = told_ = true;
  end(Failure(DatagramsStopped()));
}

// Calls into the protocol; an exception from there is logged, the socket goes on.
template <class F>
void DatagramSocketTransport::call(F&& f) noexcept {
  try {
    f();
  } catch (...) {
    detail::report_unhandled(Failure::current(), "in a datagram protocol");
  }
}

void DatagramSocketTransport::ready(detail::Readiness readiness) noexcept {
  const Busy busy(*this);
  if (readiness.broken) read_faults();
  readable_ |= readiness.readable;
  if (readiness.writable) {
    writable_ = true;
    if (!queue_.empty()) flush_queue();
  }
  if (readable_ && reading_) read();
  tell_faults();
}

void DatagramSocketTransport::run() noexcept {
  const Busy busy(*this);
  if (reason_) return deliver_end();
  tell_faults();
  if (!queue_.empty() && writable_) {
    flush_queue();
  } else if (full_) {
    check_marks();
  }
  if (readable_ && reading_) read();
  tell_faults();
}

void DatagramSocketTransport::expire() noexcept {
  const Busy busy(*this);
  writable_ = true;
  flush_queue();
  tell_faults();
}

// Asks for a call of run() in the next turn.
void DatagramSocketTransport::take_turn() noexcept {
  if (!static_cast<detail::Posted&>(*this).linked()) reactor_.post(*this);
}

// --- receiving

void DatagramSocketTransport::resume_reading() noexcept {
  reading_ = true;
  if (readable_ && !in_read_ && !closed()) take_turn();
}

void DatagramSocketTransport::read() noexcept {
  in_read_ = true;
  for (int batches = 0; reading_ && readable_ && !closed(); ++batches) {
    if (batches == kBatchesPerTurn) {
      take_turn();
      break;
    }
    read_batch();
  }
  in_read_ = false;
}

void DatagramSocketTransport::read_batch() noexcept {
  auto& batch = buffers_.received;
  const bool joined = options_.offload && family_ != AF_UNIX;
  const std::size_t size = joined ? std::max(options_.max_datagram, kJoined) : options_.max_datagram;
  bool empty = false;
  const int count = batch.receive(socket_.get(), size, batch_, empty);
  if (empty) readable_ = false;
  if (count < 0) {
    // The error of a datagram that was sent before: what was received stands behind it.
    if (may_be_late(-count)) readable_ = true, read_faults();
    return;
  }
  // What answers leave behind gathers; who waits for datagrams runs when all of the batch are there.
  const Cork cork(*this);
  const detail::Firing firing;
  for (int i = 0; i < count && !closed(); ++i) call([&] { deliver(batch.message(static_cast<std::size_t>(i))); });
}

void DatagramSocketTransport::deliver(const detail::Received& received) noexcept {
  if (received.overrun > 0) counts_.overrun = received.overrun;
  arrival_ = received.arrival;
  sender_ = &received.from;
  const std::size_t step = received.segment > 0 ? received.segment : std::max<std::size_t>(received.size, 1);
  std::size_t at = 0;
  do {
    const std::string_view whole = received.data.substr(std::min(at, received.data.size()), step);
    const std::size_t size = std::min(step, received.size - at);
    const std::string_view data = whole.substr(0, options_.max_datagram);
    ++counts_.received;
    if (data.size() == size) {
      call([&] { protocol_->datagram_received(data, received.from); });
    } else {
      ++counts_.cut;
      call([&] { protocol_->datagram_cut(data, size, received.from); });
    }
    at += step;
  } while (at < received.size && !closed());
  sender_ = nullptr;
}

// --- sending

detail::Destination DatagramSocketTransport::destination(const SocketAddress& to) const noexcept {
  detail::Destination there;
  if (family_ == AF_INET6 && to.is_v4()) {
    IpAddress::V6Bytes mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    std::memcpy(mapped.data() + 12, to.ip().bytes().data(), 4);
    there.size = SocketAddress(IpAddress(mapped), to.port()).to_sockaddr(&there.address);
  } else {
    there.size = to.to_sockaddr(&there.address);
  }
  return there;
}

bool DatagramSocketTransport::send(std::string_view data) noexcept {
  detail::Destination connected;
  connected.address.ss_family = AF_UNSPEC;
  return send(data, connected);
}

bool DatagramSocketTransport::send(std::string_view data, const SocketAddress& to) noexcept {
  detail::Destination there = destination(to);
  if (options_.want_arrival && sender_ && to == *sender_) there.local = arrival_.local;
  return send(data, there);
}

bool DatagramSocketTransport::send(std::string_view data, const SocketAddress& to, const Arrival& by) noexcept {
  detail::Destination there = destination(to);
  there.local = by.local;
  return send(data, there);
}

bool DatagramSocketTransport::send(std::string_view data, const detail::Destination& to) noexcept {
  if (closed()) return false;
  if (!queue_.empty() || !writable_) return queue(data, to);
  try {
    if (gathering_) {
      if (buffers_.gathered.add_copy(data, to)) return true;
      flush_gathered();
      if (closed()) return false;
      if (!queue_.empty()) return queue(data, to);
      if (buffers_.gathered.add_copy(data, to)) return true;  // not: it is larger than all the room
    }
  } catch (const std::bad_alloc&) {
    ++counts_.refused;
    return false;
  }
  auto& batch = buffers_.direct;
  batch.clear();
  batch.add(data, to);
  return transmit(batch) || queue(data, to);
}

// False when the socket takes no more: what is left in the batch is to be queued.
bool DatagramSocketTransport::transmit(detail::SendBatch& batch) noexcept {
  for (;;) {
    const std::size_t before = batch.left();
    const int code = batch.send(socket_.get(), segment_);
    counts_.sent += before - batch.left();
    retried_ &= before == batch.left();
    if (code == 0) return true;
    if (must_wait(code)) return false;
    if (may_be_late(code) && (read_faults() || !std::exchange(retried_, true))) continue;
    const auto& to = batch.first().to;
    auto peer = to.size > 0 ? SocketAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&to.address), to.size)
                            : this->peer();
    note_fault({.peer = peer ? peer->unmapped() : SocketAddress(), .code = code});
    batch.skip();
    retried_ = false;
  }
}

bool DatagramSocketTransport::must_wait(int code) noexcept {
  const bool no_memory = code == ENOBUFS || code == ENOMEM;
  if (!no_memory && code != EAGAIN && code != EWOULDBLOCK) return false;
  writable_ = false;
  if (!std::exchange(watches_writing_, true)) reactor_.watch_writing(socket_.get(), *this);
  // A full receiver on this machine, or a full interface: the socket itself will give no sign.
  if (no_memory || family_ == AF_UNIX) reactor_.arm(*this, reactor_.now() + kTryAgain);
  return true;
}

bool DatagramSocketTransport::queue(std::string_view data, const detail::Destination& to) noexcept {
  if (queue_.count() >= options_.queue_count || queue_.bytes() + data.size() > options_.queue_limit) {
    ++counts_.refused;
    return false;
  }
  return enqueue(data, to);
}

bool DatagramSocketTransport::enqueue(std::string_view data, const detail::Destination& to) noexcept {
  try {
    queue_.push(data, to);
  } catch (const std::bad_alloc&) {
    ++counts_.refused;
    return false;
  }
  check_marks();
  return true;
}

void DatagramSocketTransport::flush_gathered() noexcept {
  auto& batch = buffers_.gathered;
  if (!closed() && !transmit(batch)) {
    // Accepted already, so the limit does not apply.
    for (; batch.left() > 0 && !closed(); batch.skip()) enqueue(batch.first().data, batch.first().to);
  }
  batch.clear();
}

void DatagramSocketTransport::flush_queue() noexcept {
  auto& batch = buffers_.direct;
  bool more = true;
  for (int flushes = 0; more && !queue_.empty(); ++flushes) {
    if (flushes == kFlushesPerTurn) {
      take_turn();
      break;
    }
    batch.clear();
    queue_.lend(batch);
    const std::size_t lent = batch.left();
    more = transmit(batch);
    queue_.pop(lent - batch.left());
    batch.clear();
  }
  check_marks();
}

void DatagramSocketTransport::check_marks() noexcept {
  if (!full_ && queue_.bytes() > options_.high_water) {
    full_ = true;
    const Busy busy(*this);
    call([&] { protocol_->pause_writing(); });
  } else if (full_ && queue_.bytes() <= options_.low_water) {
    if (resuming_) return take_turn();  // no deeper, but later
    full_ = false;
    const Busy busy(*this);
    resuming_ = true;
    call([&] { protocol_->resume_writing(); });
    resuming_ = false;
  }
}

void DatagramSocketTransport::begin_cork() noexcept {
  ++busy_;  // a corked transport stays, whatever happens to its owner
  if (corks_++ > 0 || buffers_.gathering) return;
  gathering_ = true;
  buffers_.gathering = this;
}

void DatagramSocketTransport::end_cork() noexcept {
  const Busy busy(*this);
  --busy_;
  if (--corks_ > 0 || !gathering_) return;
  flush_gathered();
  gathering_ = false;
  buffers_.gathering = nullptr;
}

// --- errors of single datagrams

// Whether the network had something to say. Taking it from the queue also clears the socket's pending error.
bool DatagramSocketTransport::read_faults() noexcept {
  bool any = false;
  if (family_ == AF_UNIX || closed()) return any;
  try {
    for (; auto fault = detail::next_fault(socket_.get()); any = true) note_fault(*std::move(fault));
  } catch (const std::bad_alloc&) {
  }
  return any;
}

void DatagramSocketTransport::note_fault(detail::DatagramFault fault) noexcept {
  ++counts_.failed;
  if (faults_.size() >= kFaultsHeld) return;
  try {
    faults_.push_back(std::move(fault));
  } catch (const std::bad_alloc&) {
  }
  take_turn();
}

void DatagramSocketTransport::tell_faults() noexcept {
  if (faults_.empty() || closed()) return;
  for (const auto& each : std::exchange(faults_, {})) {
    if (closed()) return;
    call([&] { protocol_->send_failed(each.peer, each.failure()); });
  }
}

// --- the end

void DatagramSocketTransport::connect(const SocketAddress& peer) {
  const auto there = destination(peer);
  if (closed()) throw DatagramsStopped();
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&there.address), there.size) != 0) {
    throw ConnectError("cannot connect a datagram socket to " + peer.str() + ": " +
                       std::generic_category().message(errno));
  }
  address_ = local();
}

void DatagramSocketTransport::close() noexcept { end(Failure(DatagramsStopped())); }

Deferred<void> DatagramSocketTransport::close_and_wait() {
  close();
  if (told_) return succeed();
  auto [deferred, promise] = make_deferred<void>();
  closing_.push_back(std::move(promise));
  return std::move(deferred);
}

// Nothing is told yet: the caller may be the protocol itself.
void DatagramSocketTransport::end(Failure reason) noexcept {
  if (reason_) return;
  reactor_.unwatch(socket_.get(), *this);
  socket_.reset();
  path_.release();
  queue_.clear();
  disarm();
  reason_ = std::move(reason);
  static_cast<detail::Resident&>(*this).unlink();
  if (!told_) reactor_.post(*this);
}

void DatagramSocketTransport::deliver_end() noexcept {
  if (std::exchange(told_, true)) return;
  const detail::Firing firing;
  call([&] { protocol_->stopped(reason_.failure); });
  for (auto& each : std::exchange(closing_, {})) each.set_value();
}

void DatagramSocketTransport::reactor_stopping() noexcept {
  end(Failure(ReactorStopped("the reactor stopped with the datagram socket at " + address_.str() + " open")));
}

void DatagramSocketTransport::reactor_gone() noexcept {
  told_ = true;
  end(Failure(DatagramsStopped()));
}

// --- settings

std::size_t DatagramSocketTransport::largest() const noexcept {
  return family_ == AF_INET ? 65'507 : family_ == AF_INET6 ? 65'527 : SIZE_MAX;
}

void DatagramSocketTransport::join(const IpAddress& group, std::string_view interface) {
  detail::set_membership(socket_.get(), detail::Membership::kJoin, group, interface);
}
void DatagramSocketTransport::leave(const IpAddress& group, std::string_view interface) {
  detail::set_membership(socket_.get(), detail::Membership::kLeave, group, interface);
}
void DatagramSocketTransport::set_outgoing_interface(std::string_view interface) {
  detail::set_outgoing_interface(socket_.get(), family_, interface);
}
void DatagramSocketTransport::set_multicast_ttl(int hops) { detail::set_multicast_ttl(socket_.get(), family_, hops); }
void DatagramSocketTransport::set_loopback(bool on) { detail::set_loopback(socket_.get(), family_, on); }
void DatagramSocketTransport::set_ttl(int hops) { detail::set_ttl(socket_.get(), family_, hops); }
void DatagramSocketTransport::set_broadcast(bool on) { detail::set_broadcast(socket_.get(), on); }

}  // namespace torc
