#include "tls/tls_layer.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>
#include <torc/tls/errors.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

namespace torc::tls::detail {

namespace {

constexpr Duration kLinger = std::chrono::seconds(1);  // for a peer that has all and does not end
constexpr std::size_t kPiece = 128 * 1024;       // encrypted at a time: records of one write below
constexpr std::size_t kFilePiece = 64 * 1024;
constexpr std::size_t kPumpPerTurn = 4 * 1024 * 1024;
constexpr std::size_t kAnswers = 4 * 1024;       // of the protocol's own, for a peer that does not read
constexpr TransportOptions kMarks;               // for what waits here
constexpr std::size_t kGatherWhole = 4 * 1024;   // a corked write this large is a record of its own
constexpr std::size_t kGatherAll = 16 * 1024;    // what fills a record

// Where corked writes gather, to leave as one record. One serves a thread, as below.
struct Gathered {
  const TlsLayer* owner = nullptr;
  std::string bytes;
};
thread_local Gathered gathered;

std::string in_seconds(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

// Whoever scans the network makes thousands of these.
void complain(const Layer& layer, const Failure& reason) noexcept {
  static thread_local log::RateLimit complaints{std::chrono::seconds(1)};
  try {
    complaints.write(LogLevel::kInfo, "tls", layer.peer().str() + ": " + reason.message(),
                     Scheduler::required("TLS").now().time_since_epoch());
  } catch (...) {
  }
}

}  // namespace

// Bounds the handshake, and later the closing: one timer that is there only then.
struct TlsLayer::Limit final : torc::detail::Timer {
  Limit(TlsLayer& layer, Duration limit) : layer(layer), scheduler(Scheduler::required("TLS")), limit(limit) {
    scheduler.arm(*this, scheduler.after(limit));
  }
  // Something is still on its way, slowly.
  void arm_again(std::uint64_t unacknowledged) noexcept {
    left = unacknowledged;
    limit = layer.engine_.context().close_timeout();
    scheduler.arm(*this, scheduler.after(limit));
  }
  void expire() noexcept override { layer.late(); }

  TlsLayer& layer;
  Scheduler& scheduler;
  Duration limit;
  std::uint64_t left = std::numeric_limits<std::uint64_t>::max();  // when it was armed
};

// What waits to be encrypted, and a turn to go on with it.
struct TlsLayer::Waiting final : torc::detail::Posted {
  explicit Waiting(TlsLayer& layer) noexcept : layer(layer) {}
  void run() noexcept override { layer.pump(); }

  TlsLayer& layer;
  Pending pending;
};

TlsLayer::TlsLayer(std::shared_ptr<const Context> context, std::string host)
    : engine_(std::move(context), std::move(host)) {}
TlsLayer::~TlsLayer() = default;

void TlsLayer::connection_made() {
  limit_ = std::make_unique<Limit>(*this, engine_.context().handshake_timeout());
  below().resume_reading();  // what was above may have stopped it
  receive({});
}

void TlsLayer::data_received(std::string_view data) {
  if (!over()) receive(data);
}

// The caller keeps the connection: whatever is called here may destroy its owner.
void TlsLayer::receive(std::string_view data) {
  std::optional<Cork> cork;  // what a handshake ends with leaves together with what is written next
  if (!is_up()) cork.emplace(below());
  Scratch plain;
  const bool ended_before = engine_.peer_ended();
  {
    Scratch out;
    engine_.receive(data, plain, out);
    const bool held_up = is_up() && below().full() && !engine_.failed();
    unread_answers_ = held_up ? unread_answers_ + out.view().size() : 0;
    if (!out.empty()) below().write(out.view());
    if (unread_answers_ > kAnswers)
      return fail(Failure(TlsError("the peer asks for answers and does not read them")), false);
  }
  if (!is_up() && !engine_.handshaking()) became_up();
  if (!plain.empty() && !closing_ && !over()) Layer::data_received(plain.view());
  if (over()) return;
  if (engine_.failed()) return fail(engine_.failed().failure, true);
  if (engine_.peer_ended() && !ended_before) closing_ ? linger() : Layer::end_received();
}

void TlsLayer::became_up() {
  limit_.reset();
  if (closing_) limit_ = std::make_unique<Limit>(*this, engine_.context().close_timeout());
  up();
  if (over()) return;
  if (waiting_ || shutting_) pump();
  if (paused_ && !closing_ && !over()) below().pause_reading();
}

void TlsLayer::end_received() {
  if (over()) return;
  if (closing_) return below().close();
  if (!is_up())
    return fail(Failure(TlsHandshakeFailed("the peer ended the connection during the TLS handshake")), true);
  if (!engine_.peer_ended()) {
    fail(Failure(TlsTruncated("the connection ended without the peer's close_notify: something may be missing")),
         false);
  }
}

void TlsLayer::connection_lost(const Failure& reason) {
  limit_.reset();
  waiting_.reset();
  if (reason_) return Layer::connection_lost(reason_.failure);
  if (is_up() || reason.check<ConnectionDone, ConnectionAborted>()) return Layer::connection_lost(reason);
  Failure during = reason;
  during.note("during the TLS handshake");
  Layer::connection_lost(during);
}

void TlsLayer::pause_writing() { check_marks(); }

void TlsLayer::resume_writing() {
  if (waiting_ && is_up()) return pump();
  check_marks();
}

void TlsLayer::drain() { is_up() ? Layer::drain() : below().close(); }

bool TlsLayer::reads_while_full() const noexcept { return !is_up() || closing_ || Layer::reads_while_full(); }

void TlsLayer::write(std::string_view data) noexcept {
  if (shutting_ || over() || data.empty()) return;
  if (!is_up() || waiting_) return wait([&](Pending& pending) { pending.add(data); });
  if (gathered.owner == this) {
    if (data.size() < kGatherWhole) {
      gathered.bytes += data;
      return gathered.bytes.size() < kGatherAll ? void() : send_gathered();
    }
    send_gathered();
  }
  if (data.size() <= kPiece) return encrypt(data);
  const auto cork = below().cork();
  for (; !data.empty() && !over(); data.remove_prefix(std::min(data.size(), kPiece))) encrypt(data.substr(0, kPiece));
}

// Only while corked, which keeps the connection.
void TlsLayer::send_gathered() noexcept {
  if (gathered.owner != this || gathered.bytes.empty()) return;
  if (!over()) encrypt(gathered.bytes);
  gathered.bytes.clear();
}

void TlsLayer::begin_cork() noexcept {
  Layer::begin_cork();
  if (corks_++ == 0 && !gathered.owner) gathered.owner = this;
}

void TlsLayer::end_cork() noexcept {
  if (--corks_ == 0 && gathered.owner == this) {
    send_gathered();
    gathered.owner = nullptr;
  }
  Layer::end_cork();
}

// What is below may call out, and its owner be gone afterwards: nothing is touched behind it.
void TlsLayer::encrypt(std::string_view data) noexcept {
  Scratch out;
  engine_.encrypt(data, out);
  if (engine_.failed()) return fail(engine_.failed().failure, false);
  below().write(out.view());
}

void TlsLayer::write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept {
  if (shutting_ || over()) return;
  send_gathered();
  wait([&](Pending& pending) { pending.add_file(std::move(file), offset, length); });
}

template <class Add>
void TlsLayer::wait(Add add) noexcept {
  const auto cork = below().cork();
  if (waiting_ && waiting_->pending.memory() > kMarks.write_limit) {
    return fail(Failure(BufferFull("connection aborted: " + std::to_string(waiting_->pending.memory()) +
                                   " bytes wait to be encrypted (write_limit)")),
                false);
  }
  try {
    if (!waiting_) waiting_ = std::make_unique<Waiting>(*this);
    add(waiting_->pending);
  } catch (const std::bad_alloc&) {
    return fail(Failure(BufferFull("connection aborted: no memory for what waits to be encrypted")), false);
  }
  is_up() ? pump() : check_marks();
}

// Encrypts what waits while what is below is not full.
void TlsLayer::pump() noexcept {
  if (pumping_ || over()) return;
  const auto cork = below().cork();
  pumping_ = true;
  for (std::size_t budget = kPumpPerTurn; waiting_ && !waiting_->pending.empty() && !over() && !below().full();) {
    Scratch plain;
    if (!waiting_->pending.take(kFilePiece, plain)) {
      fail(Failure(ConnectionLost("connection aborted: a file became shorter while it was sent")), false);
      break;
    }
    budget -= std::min(budget, plain.view().size());
    encrypt(plain.view());
    if (budget > 0 || !waiting_) continue;
    if (!waiting_->linked()) Scheduler::required("TLS").post(*waiting_);
    break;
  }
  pumping_ = false;
  if (over()) return;
  if (waiting_ && waiting_->pending.empty()) waiting_.reset();
  check_marks();
  if (shutting_ && !waiting_ && !over()) finish_writing();
}

// Tells what is above when what waits, here or below, crosses a mark.
void TlsLayer::check_marks() noexcept {
  if (pumping_) return;
  const auto here = waiting_ ? waiting_->pending.size() : 0;
  const bool full = below().full() || here > (full_ ? kMarks.low_water : kMarks.high_water);
  if (full == full_) return;
  full_ = full;
  try {
    full ? Layer::pause_writing() : Layer::resume_writing();
  } catch (...) {
    fail(Failure::current(), false);
  }
}

std::uint64_t TlsLayer::unsent() const noexcept { return below().unsent() + (waiting_ ? waiting_->pending.size() : 0); }
std::uint64_t TlsLayer::unacknowledged() const noexcept {
  return below().unacknowledged() + (waiting_ ? waiting_->pending.size() : 0);
}

void TlsLayer::close() noexcept {
  if (closing_ || over()) return;
  send_gathered();
  closing_ = shutting_ = true;
  if (!is_up() && !waiting_) return below().close();  // nothing was said yet
  const auto cork = below().cork();
  if (!is_up()) return;  // the handshake has its limit
  if (!waiting_) return finish_writing();
  limit_ = std::make_unique<Limit>(*this, engine_.context().close_timeout());
}

void TlsLayer::shutdown_write() noexcept {
  if (shutting_ || over()) return;
  send_gathered();
  shutting_ = true;
  if (is_up() && !waiting_) finish_writing();
}

// All that was written is encrypted: vouch for the end.
void TlsLayer::finish_writing() noexcept {
  const auto cork = below().cork();
  if (!finished_) {
    finished_ = true;
    Scratch out;
    engine_.finish(out);
    if (!out.empty()) below().write(out.view());
  }
  if (closing_ && !over()) linger();
}

// Closing at once would reset the connection over bytes that nobody read, such as a session ticket, and take our last
// ones with it. So the peer is told that no more comes, and for a moment, if it does not end before, what it sends is
// taken and not looked at.
void TlsLayer::linger() noexcept {
  if (!finished_) return;
  if (engine_.peer_ended()) return below().close();
  limit_ = std::make_unique<Limit>(*this, std::min(kLinger, engine_.context().close_timeout()));
  below().shutdown_write();
  below().resume_reading();
}

void TlsLayer::abort() noexcept {
  shutting_ = closing_ = true;
  below().abort();
}

void TlsLayer::pause_reading() noexcept {
  paused_ = true;
  if (is_up() && !closing_ && !over()) below().pause_reading();
}

void TlsLayer::resume_reading() noexcept {
  paused_ = false;
  if (!over()) below().resume_reading();
}

// A limit passed.
void TlsLayer::late() noexcept {
  const auto cork = below().cork();
  if (!is_up()) {
    return fail(Failure(TlsHandshakeFailed("the TLS handshake was not done within " + in_seconds(limit_->limit))),
                false);
  }
  const auto left = unacknowledged();
  if (left == 0) return below().close();  // the peer has all of it, and its own end is not waited for any longer
  if (left < limit_->left) return limit_->arm_again(left);
  fail(Failure(ConnectionLost("connection lost: the peer did not take the rest within the close time-out")), false);
}

void TlsLayer::fail(Failure reason, bool tell_peer) noexcept {
  if (over()) return;
  if (!is_up() && engine_.context().is_server()) complain(*this, reason);
  reason_ = std::move(reason);
  waiting_.reset();
  limit_.reset();
  tell_peer ? below().close() : below().abort();
}

}  // namespace torc::tls::detail
