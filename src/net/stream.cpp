#include <torc/net/stream.hpp>

#include "net/fd_transport.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/net/layer.hpp>
#include <torc/reactor/reactor.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace torc {

namespace {

// What has arrived and is not yet taken. Taking from the front moves a mark; the bytes before it go when
// they are the larger half, so reading line by line stays linear.
class Inbox {
 public:
  std::string_view view() const noexcept { return std::string_view(bytes_).substr(taken_); }
  std::size_t size() const noexcept { return bytes_.size() - taken_; }
  bool empty() const noexcept { return size() == 0; }
  void append(std::string_view bytes) { bytes_ += bytes; }
  void prepend(std::string_view bytes) { bytes_.insert(taken_, bytes); }
  void consume(std::size_t count) {
    taken_ += count;
    if (taken_ == bytes_.size()) {
      *this = {};  // an idle stream holds no buffer
    } else if (taken_ > bytes_.size() / 2) {
      bytes_.erase(0, std::exchange(taken_, 0));
    }
  }

 private:
  std::string bytes_;
  std::size_t taken_ = 0;
};

}  // namespace

// The protocol behind a Stream. Owned by the Stream; the transport borrows it.
class Stream::Core final : public Protocol {
 public:
  explicit Core(Transport& transport) : transport_(&transport) {
    transport.start(*this);
    transport.pause_reading();
  }

  ~Core() override {
    // Whoever still waits on a dead stream is told so, later.
    if (reader_) std::exchange(reader_, nullptr)->end_later(Failure(ConnectionAborted()));
    while (Reader* reader = readers_.pop_front()) reader->orphan();
    while (Writer* writer = writers_.pop_front()) writer->end_later(Failure(ConnectionAborted()));
    if (!transport_) return;
    const bool cut = cut_ || detail::RunQueue::current().tearing_down() || std::uncaught_exceptions() > 0;
    transport_->forget_protocol();
    cut ? transport_->abort() : transport_->close();
  }

  Deferred<std::optional<Bytes>> read_some() {
    if (!inbox_.empty()) return succeed(std::optional<Bytes>(take_inbox()));
    return read_socket();
  }

  Deferred<bool> at_end() {
    if (inbox_.empty()) {
      auto chunk = co_await read_socket();
      if (chunk) inbox_.append(*chunk);
    }
    co_return inbox_.empty();
  }

  Deferred<std::string> read_exactly(std::size_t count) {
    while (inbox_.size() < count) {
      auto chunk = co_await read_socket();
      if (!chunk) throw IncompleteRead("the stream ended after " + std::to_string(inbox_.size()) + " of " + std::to_string(count) + " bytes");
      inbox_.append(*chunk);
    }
    std::string result(inbox_.view().substr(0, count));
    inbox_.consume(count);
    co_return result;
  }

  Deferred<std::optional<std::string>> read_until(std::string delimiter, std::size_t limit) {
    for (std::size_t searched = 0;;) {
      const auto at = inbox_.view().find(delimiter, searched);
      if (at != std::string::npos && at <= limit) {
        std::string result(inbox_.view().substr(0, at));
        inbox_.consume(at + delimiter.size());
        co_return result;
      }
      if (at != std::string::npos || (inbox_.size() >= limit && inbox_.size() - limit >= delimiter.size())) {
        throw LimitExceeded("no delimiter within " + std::to_string(limit) + " bytes");
      }
      searched = inbox_.size() - std::min(inbox_.size(), delimiter.size() - 1);
      auto chunk = co_await read_socket();
      if (!chunk && inbox_.empty()) co_return std::nullopt;
      if (!chunk) throw IncompleteRead("the stream ended before a delimiter");
      inbox_.append(*chunk);
    }
  }

  Deferred<std::optional<std::string>> read_line(std::size_t limit) {
    auto line = co_await read_until("\n", limit);
    if (line && line->ends_with('\r')) line->pop_back();
    co_return std::move(line);
  }

  Deferred<void> written() {
    if (!transport_) return fail(reason_.failure);
    if (!transport_->full()) return succeed();
    auto* writer = new Writer(*this);
    writers_.push_back(*writer);
    return Deferred<void>(writer);
  }

  Deferred<void> write(std::string_view data) {
    if (transport_) transport_->write(data);
    return written();
  }
  Deferred<void> send_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) {
    if (transport_) transport_->write_file(std::move(file), offset, length);
    return written();
  }

  Deferred<void> upgrade(std::unique_ptr<Layer> layer) {
    if (!transport_) return fail(reason_.failure);
    if (reader_ || !writers_.empty() || upgrading_) return fail(Error("a stream was upgraded while something waits on it"));
    if (!inbox_.empty()) {
      leave(true);
      return fail(Error("the peer sent bytes before the stream was upgraded: nothing vouches for them"));
    }
    auto [upgraded, promise] = make_deferred<void>();
    upgrading_ = std::make_unique<Promise<void>>(std::move(promise));
    upgrading_->on_cancel([this]() noexcept { cut_ = true; });
    Transport& below = *std::exchange(transport_, layer.get());
    below.insert(std::move(layer));
    return std::move(upgraded);
  }

  Deferred<void> send_descriptor(UniqueFd descriptor, std::string_view data) {
    if (!transport_) return fail(reason_.failure);
    if (!transport_->passes_descriptors()) return fail(Error("descriptors pass only over UNIX sockets, without TLS"));
    if (data.empty()) return fail(Error("a descriptor is sent on at least one byte"));
    transport_->write_descriptor(std::move(descriptor), data);
    return written();
  }

  void accept_descriptors() noexcept {
    if (!passed_) passed_ = std::make_unique<Passed>();
    if (transport_) transport_->accept_descriptors();
  }

  Deferred<UniqueFd> receive_descriptor() {
    if (!passed_) accept_descriptors();
    if (passed_->receiver) return fail<UniqueFd>(Error("two waits for a descriptor at once on one stream"));
    if (!passed_->kept.empty()) {
      UniqueFd first = std::move(passed_->kept.front());
      passed_->kept.erase(passed_->kept.begin());
      return succeed(std::move(first));
    }
    if (ended_) return fail<UniqueFd>(no_descriptor());
    if (!transport_) return fail<UniqueFd>(reason_.failure);
    if (!transport_->passes_descriptors()) {
      return fail<UniqueFd>(Error("descriptors pass only over UNIX sockets, without TLS"));
    }
    auto [descriptor, promise] = make_deferred<UniqueFd>();
    passed_->receiver = std::make_unique<Promise<UniqueFd>>(std::move(promise));
    passed_->receiver->on_cancel([this]() noexcept {
      passed_->receiver.reset();
      if (transport_ && !reader_) transport_->pause_reading();
    });
    transport_->resume_reading();
    return std::move(descriptor);
  }

  /// Gone or closed: nothing more will come or go.
  void leave(bool cut) noexcept {
    if (!transport_) return;
    Transport& transport = *std::exchange(transport_, nullptr);
    transport.forget_protocol();
    cut ? transport.abort() : transport.close();
    ended(reason_ ? reason_.failure : cut ? Failure(ConnectionAborted()) : Failure(ConnectionDone()));
  }

  std::pair<Transport*, std::string> release() {
    if (!transport_) reason_.failure.raise();
    Transport& transport = *std::exchange(transport_, nullptr);
    transport.forget_protocol();
    ended(Failure(ConnectionDone()));  // for what waits here
    return {&transport, std::string(inbox_.view())};
  }

  ReleasedSocket release_socket() {
    if (!transport_) throw CannotRelease("the connection cannot be given away: it is over");
    if (!readers_.empty() || !writers_.empty() || upgrading_) {
      throw CannotRelease("the connection cannot be given away: a read, a write or an upgrade waits on it");
    }
    if (cut_) throw CannotRelease("the connection cannot be given away: a write was dropped before it was sent");
    ReleasedSocket released = transport_->release_socket();
    released.unread.insert(0, inbox_.view());
    transport_ = nullptr;  // tells nobody, and goes
    inbox_ = {};
    ended(Failure(ConnectionDone()));
    return released;
  }

  void put_in(std::string_view unread) { inbox_.append(unread); }

  Transport* connection() const noexcept { return transport_; }

 private:
  // Known to its core until its result is taken, so that bytes nobody took can go back.
  class Reader final : public detail::OperationOf<std::optional<Bytes>>, public detail::ListHook, public detail::Pooled {
   public:
    explicit Reader(Core& core) : core_(&core) { core.readers_.push_back(*this); }
    void give(std::optional<Bytes> bytes) noexcept { fire(Outcome<std::optional<Bytes>>(std::move(bytes))); }
    void end(Failure failure) noexcept { Operation::fire(std::move(failure)); }
    void end_later(Failure reason) noexcept {
      failure() = std::move(reason);
      fire_later();
    }
    void orphan() noexcept { core_ = nullptr; }

   private:
    void unregister() noexcept {
      if (!core_ || core_->reader_ != this) return;
      core_->reader_ = nullptr;
      if (core_->transport_ && !core_->awaits_descriptor()) core_->transport_->pause_reading();
    }
    void cancel_leaf() noexcept override {
      unregister();
      end(Failure(Cancelled{}));
    }
    void abandon() noexcept override {
      unregister();
      delete this;
    }
    void discard() noexcept override {
      // Fired, but dropped before anybody took the bytes: they go back.
      if (core_ && value_ && *value_ && !(*value_)->empty()) core_->inbox_.prepend((*value_)->view());
      delete this;
    }
    Core* core_;
  };

  class Writer final : public detail::OperationOf<void>, public detail::ListHook, public detail::Pooled {
   public:
    explicit Writer(Core& core) : core_(&core) {}
    void go_on() noexcept {
      core_ = nullptr;
      fire(Outcome<void>());
    }
    void end(Failure failure) noexcept {
      core_ = nullptr;
      Operation::fire(std::move(failure));
    }
    void end_later(Failure reason) noexcept {
      core_ = nullptr;
      failure() = std::move(reason);
      fire_later();
    }

   private:
    void unregister() noexcept {
      unlink();
      if (core_) core_->cut_ = true;
    }
    void cancel_leaf() noexcept override {
      unregister();
      end(Failure(Cancelled{}));
    }
    void abandon() noexcept override {
      unregister();
      delete this;
    }
    void discard() noexcept override { delete this; }
    Core* core_;
  };

  Deferred<std::optional<Bytes>> read_socket() {
    if (reader_) return fail<std::optional<Bytes>>(Error("two reads at once on one stream"));
    if (ended_) return succeed(std::optional<Bytes>());
    if (!transport_) return fail<std::optional<Bytes>>(reason_.failure);
    reader_ = new Reader(*this);
    Deferred<std::optional<Bytes>> result(reader_);
    transport_->resume_reading();
    return result;
  }

  // Descriptors that came and were not asked for yet, or who asked.
  struct Passed {
    std::vector<UniqueFd> kept;
    std::unique_ptr<Promise<UniqueFd>> receiver;
  };
  static constexpr std::size_t kKeptDescriptors = 64;
  static constexpr std::size_t kBytesBeforeDescriptor = 64 * 1024;

  bool awaits_descriptor() const noexcept { return passed_ && passed_->receiver; }
  static Failure no_descriptor() { return Failure(IncompleteRead("the stream ended before a descriptor came")); }

  void descriptor_received(UniqueFd descriptor) override {
    if (const auto receiver = std::move(passed_->receiver)) return receiver->set_value(std::move(descriptor));
    if (passed_->kept.size() == kKeptDescriptors) {
      reason_ = Failure(BufferFull("connection aborted: 64 descriptors came that nobody took"));
      return leave(true);
    }
    passed_->kept.push_back(std::move(descriptor));
  }

  void refuse_receiver(Failure reason) noexcept {
    if (!passed_) return;
    if (const auto receiver = std::move(passed_->receiver)) receiver->set_error(std::move(reason));
  }

  // Bytes came, and not for a reader: a wait for a descriptor goes on past them, within bounds.
  void go_on_to_descriptor() noexcept {
    if (!awaits_descriptor()) return;
    if (inbox_.size() <= kBytesBeforeDescriptor) return transport_->resume_reading();
    refuse_receiver(Failure(LimitExceeded("no descriptor within 65536 bytes")));
  }

  Bytes take_inbox() {
    Bytes bytes{inbox_.view()};
    inbox_ = {};
    return bytes;
  }

  void data_received(std::string_view data) override {
    transport_->pause_reading();
    if (!reader_) {
      inbox_.append(data);
      return go_on_to_descriptor();
    }
    Bytes bytes(data);
    if (awaits_descriptor()) transport_->resume_reading();
    std::exchange(reader_, nullptr)->give(std::move(bytes));
  }

  void end_received() override {
    ended_ = true;
    const detail::Firing firing;
    if (reader_) std::exchange(reader_, nullptr)->give(std::nullopt);
    refuse_receiver(no_descriptor());
  }

  // Awaiting writes is a stream's back-pressure; who writes and reads at once must not wait for itself.
  bool reads_while_full() const noexcept override { return true; }

  void layer_up() override {
    transport_->pause_reading();
    if (const auto upgrading = std::move(upgrading_)) upgrading->set_value();
  }

  void resume_writing() override {
    const detail::Firing firing;  // a writer that goes on may destroy us, afterwards
    while (Writer* writer = writers_.pop_front()) writer->go_on();
  }

  void connection_lost(const Failure& reason) override {
    transport_ = nullptr;
    ended(reason);
  }

  // What waits is never resumed: it has nowhere to run.
  void transport_gone() noexcept override {
    transport_ = nullptr;
    if (!reason_) reason_ = Failure(ReactorStopped("the reactor of the stream is gone"));
  }

  void ended(Failure reason) noexcept {
    const detail::Firing firing;
    // A clean end ends reading as usual; a cut is an error also for readers.
    if (reason.check<ConnectionDone>()) ended_ = true;
    if (!reason_) reason_ = reason;
    if (reader_) {
      Reader* reader = std::exchange(reader_, nullptr);
      ended_ ? reader->give(std::nullopt) : reader->end(reason);
    }
    while (Writer* writer = writers_.pop_front()) writer->end(reason);
    refuse_receiver(ended_ ? no_descriptor() : reason);
    if (const auto upgrading = std::move(upgrading_)) upgrading->set_error(reason);
  }

  Transport* transport_;
  Reader* reader_ = nullptr;  // the one waiting read
  detail::IntrusiveList<Reader> readers_;
  detail::IntrusiveList<Writer> writers_;
  std::unique_ptr<Promise<void>> upgrading_;
  std::unique_ptr<Passed> passed_;  // none: descriptors are not accepted
  Inbox inbox_;
  FailureSlot reason_;
  bool ended_ = false;  // the peer will send no more
  bool cut_ = false;    // a pending write was dropped
};

void Stream::Ending::operator()(Core* core) const noexcept { delete core; }

Stream::Stream(Transport& transport) : core_(new Core(transport)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Deferred<std::optional<Bytes>> Stream::read_some() { return core_->read_some(); }
Deferred<bool> Stream::at_end() { return core_->at_end(); }
Deferred<std::string> Stream::read_exactly(std::size_t count) { return core_->read_exactly(count); }
Deferred<std::optional<std::string>> Stream::read_until(std::string delimiter, std::size_t limit) {
  return core_->read_until(std::move(delimiter), limit);
}
Deferred<std::optional<std::string>> Stream::read_line(std::size_t limit) { return core_->read_line(limit); }
Deferred<void> Stream::write(std::string_view data) { return core_->write(data); }
Deferred<void> Stream::upgrade(std::unique_ptr<Layer> layer) { return core_->upgrade(std::move(layer)); }
Deferred<void> Stream::send_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) {
  return core_->send_file(std::move(file), offset, length);
}
Deferred<void> Stream::send_descriptor(UniqueFd descriptor, std::string_view data) {
  return core_->send_descriptor(std::move(descriptor), data);
}
void Stream::accept_descriptors() noexcept { core_->accept_descriptors(); }
Deferred<UniqueFd> Stream::receive_descriptor() { return core_->receive_descriptor(); }
std::pair<Transport*, std::string> Stream::release() && { return core_->release(); }
ReleasedSocket Stream::release_socket() { return core_->release_socket(); }
Stream Stream::adopt(ReleasedSocket released) {
  Stream stream = FdTransport::stream(Reactor::required("Stream::adopt"), StreamFd(std::move(released.socket)));
  stream.core_->put_in(released.unread);
  return stream;
}
void Stream::shutdown_write() noexcept {
  if (auto* transport = core_->connection()) transport->shutdown_write();
}
void Stream::close() noexcept { core_->leave(false); }
void Stream::abort() noexcept { core_->leave(true); }
bool Stream::open() const noexcept { return core_ && core_->connection(); }
std::uint64_t Stream::unsent() const noexcept {
  const auto* transport = core_->connection();
  return transport ? transport->unsent() : 0;
}
const Transport* Stream::transport() const noexcept { return core_ ? core_->connection() : nullptr; }
SocketAddress Stream::peer() const {
  const auto* transport = core_->connection();
  return transport ? transport->peer() : SocketAddress();
}
std::optional<PeerCredentials> Stream::peer_credentials() const {
  const auto* transport = core_->connection();
  return transport ? transport->peer_credentials() : std::nullopt;
}
SocketAddress Stream::local() const {
  const auto* transport = core_->connection();
  return transport ? transport->local() : SocketAddress();
}

}  // namespace torc
