#include <torc/net/connection.hpp>

#include <torc/async/promise.hpp>
#include <torc/net/layer.hpp>

#include <utility>

namespace torc {

// Lies below the protocol, belongs to the transport, and knows its Connection.
class Connection::Guard final : public Layer {
 public:
  explicit Guard(std::unique_ptr<Protocol> protocol) { start(std::move(protocol)); }
  ~Guard() override {
    if (holder_) holder_->guard_ = nullptr;
  }

  void hold(Connection* holder) noexcept { holder_ = holder; }
  Deferred<void> closed() {
    auto [closed, promise] = make_deferred<void>();
    closed_ = std::make_unique<Promise<void>>(std::move(promise));
    return std::move(closed);
  }
  /// No further call goes up: the owner of all this is being destroyed.
  void drop() noexcept {
    hold(nullptr);
    mute_ = true;
    closed_.reset();
    abort();
  }
  /// From outside, where no transport catches what the protocol throws.
  void drain_now() noexcept {
    try {
      drain();
    } catch (...) {
      detail::report_unhandled(Failure::current(), "in a protocol, whose connection is aborted");
      abort();
    }
  }
  void connection_made() override {
    up();
    if (!first_.empty() && !mute_ && !closing()) Layer::data_received(std::exchange(first_, {}));
  }
  void data_received(std::string_view data) override {
    if (!mute_) Layer::data_received(data);
  }
  bool lets_descriptors_pass() const noexcept override { return true; }
  void descriptor_received(UniqueFd descriptor) override {
    if (!mute_) Layer::descriptor_received(std::move(descriptor));
  }
  void end_received() override {
    if (!mute_) Layer::end_received();
  }
  void pause_writing() override {
    if (!mute_) Layer::pause_writing();
  }
  void resume_writing() override {
    if (!mute_) Layer::resume_writing();
  }
  void connection_lost(const Failure& reason) override {
    if (!mute_) Layer::connection_lost(reason);
    if (holder_) std::exchange(holder_, nullptr)->guard_ = nullptr;
    if (!closed_) return;
    const auto closed = std::move(closed_);
    reason.check<ConnectionDone>() ? closed->set_value() : closed->set_error(reason);
  }

  std::string first_;  // bytes that came before

 private:
  Connection* holder_ = nullptr;
  std::unique_ptr<Promise<void>> closed_;
  bool mute_ = false;
};

Connection Connection::serve(Stream stream, std::unique_ptr<Protocol> protocol) {
  auto guard = std::make_unique<Guard>(std::move(protocol));
  auto [transport, unread] = std::move(stream).release();
  guard->first_ = std::move(unread);
  Connection connection(guard.get());
  transport->start(std::unique_ptr<Protocol>(std::move(guard)));
  return connection;
}

Connection::Connection(Guard* guard) noexcept : guard_(guard), closed_(guard->closed()) { guard->hold(this); }

Connection::Connection(Connection&& other) noexcept
    : guard_(std::exchange(other.guard_, nullptr)), closed_(std::move(other.closed_)) {
  if (guard_) guard_->hold(this);
}

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    std::destroy_at(this);
    std::construct_at(this, std::move(other));
  }
  return *this;
}

Connection::~Connection() {
  { const auto unasked = std::move(closed_); }
  if (guard_) guard_->drop();
}

Deferred<void> Connection::closed() { return std::move(closed_); }
void Connection::drain() noexcept {
  if (guard_) guard_->drain_now();
}
void Connection::close() noexcept {
  if (guard_) guard_->close();
}
void Connection::abort() noexcept {
  if (guard_) guard_->abort();
}
void Connection::detach() && noexcept {
  if (guard_) std::exchange(guard_, nullptr)->hold(nullptr);
}

}  // namespace torc
