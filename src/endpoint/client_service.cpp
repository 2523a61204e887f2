// States: stopped ──start()──▶ connecting ──▶ connected ──▶ pausing ──▶ connecting ...   live() goes through them
//         any of them ──stop()──▶ stopping ──live() ends──▶ stopped
//
// What is called may destroy the service. The state then stays until the call has returned, and says so (gone_).
#include <torc/endpoint/client_service.hpp>

#include <torc/async/cancel_scope.hpp>
#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/retry.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/net/connection.hpp>

#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace torc {

class ClientService::State : public std::enable_shared_from_this<State> {
 public:
  using Serve = std::variant<std::unique_ptr<ProtocolFactory>, StreamHandler>;

  State(Connect connect, Serve serve, ClientServiceOptions options)
      : connect_(std::move(connect)), serve_(std::move(serve)), options_(std::move(options)) {}

  void start() {
    const auto self = shared_from_this();
    again_ = stopping_;
    if (running_) return;
    running_ = true;
    scope_.emplace();
    begin_again();
    auto life = live(self);
    if (running_ && !gone_) life_ = std::move(life);
  }

  Deferred<void> stop(Duration limit) {
    const auto self = shared_from_this();
    again_ = false;
    if (!running_) return succeed();
    auto [ended, promise] = make_deferred<void>();
    ends_.push_back(std::move(promise));
    if (!std::exchange(stopping_, true)) {
      fail_waiters();
      connection_ ? connection_->drain() : scope_->cancel();
    }
    return with_timeout(limit, std::move(ended)).recover<TimeoutError>([self](Failure) {
      const auto cut = std::move(self->life_);
      self->end();
    });
  }

  /// The service is destroyed.
  void gone() noexcept {
    gone_ = true;
    waiters_.clear();
    ends_.clear();
    { const auto life = std::move(life_); }  // first: it waits for the connection's end, which does not come any more
    const auto connection = std::exchange(connection_, std::nullopt);
  }

  Deferred<void> when_connected(int fail_after) {
    if (connected_) return succeed();
    if (!running_ || stopping_) return fail(ServiceStopped("the client service does not run: start() it first"));
    auto [connected, promise] = make_deferred<void>();
    waiters_.push_back({std::move(promise), fail_after});
    return std::move(connected);
  }

  bool connected() const noexcept { return connected_; }
  Protocol* protocol() const noexcept { return protocol_; }
  int failures() const noexcept { return failures_; }

 private:
  struct Waiter {
    Promise<void> promise;
    int attempts;  // that may still fail; 0: any number
  };

  static Deferred<void> live(std::shared_ptr<State> self) {
    Scheduler& scheduler = Scheduler::required("a client service");
    while (!self->stopping_) {
      auto stream = co_await as_outcome(self->scope_->wrap(self->attempt()));
      if (self->gone_) co_return;
      if (self->stopping_) break;
      auto served = stream ? co_await as_outcome(self->serve(*std::move(stream))) : Outcome<void>(stream.error());
      if (self->gone_) co_return;
      self->over(served, scheduler.now());
      if (self->gone_) co_return;
      if (self->stopping_) break;
      auto slept = co_await as_outcome(self->scope_->wrap(sleep(self->backoff_->pause(scheduler))));
      if (!slept) break;
    }
    self->end();
  }

  Deferred<Stream> attempt() {
    connected_at_.reset();
    Stream stream = co_await connect_();
    if (gone_) throw Cancelled{};
    if (options_.prepare) co_return co_await options_.prepare(std::move(stream));
    co_return std::move(stream);
  }

  // One connection, to its end.
  Deferred<void> serve(Stream stream) {
    const Instant now = Scheduler::required("a client service").now();
    if (auto* handler = std::get_if<StreamHandler>(&serve_)) {
      connected_at_ = now;
      auto serving = (*handler)(std::move(stream));
      if (gone_) co_return;
      tell_connected();
      co_await scope_->wrap(std::move(serving));
      co_return;
    }
    auto protocol = std::get<std::unique_ptr<ProtocolFactory>>(serve_)->build();
    if (!protocol) throw Error("the factory of a client service gave no protocol");
    Protocol* const serving = protocol.get();
    auto connection = Connection::serve(std::move(stream), std::move(protocol));
    if (gone_) co_return;
    auto closed = connection.closed();
    connected_at_ = now;
    if (connection.open()) {
      connection_.emplace(std::move(connection));
      protocol_ = serving;
      tell_connected();
      if (stopping_ && connection_) connection_->drain();
    }
    co_await std::move(closed);
  }

  void tell_connected() {
    connected_ = true;
    if (failures_ > 0) log::info("net", "connected again after " + std::to_string(failures_) + " failed attempts");
    const detail::Firing firing;  // who is told runs when all have been
    for (auto& waiter : std::exchange(waiters_, {})) waiter.promise.set_value();
  }

  // An attempt has failed, or a connection has ended.
  void over(const Outcome<void>& outcome, Instant now) {
    const bool was_connected = connected_at_.has_value();
    connected_ = false;
    protocol_ = nullptr;
    connection_.reset();
    if (!outcome && outcome.error().check<ReactorStopped>()) {
      stopping_ = true;
      return;
    }
    if (was_connected && now - *connected_at_ >= options_.settled) {
      begin_again();
    } else if (++failures_ == 1 && !was_connected) {
      log::warning("net", "a client service failed to connect and goes on trying: " + outcome.error().message());
    }
    if (!was_connected) return count_down(outcome.error());
    const bool handled = std::holds_alternative<StreamHandler>(serve_);
    if (handled && !outcome && !outcome.error().check<ConnectionClosed, Cancelled>()) {
      detail::report_unhandled(outcome.error(), "in a connection of a client service");
    }
  }

  void begin_again() {
    failures_ = 0;
    backoff_.emplace(RetryOptions{.initial_delay = options_.initial_delay,
                                  .factor = options_.factor,
                                  .max_delay = options_.max_delay,
                                  .jitter = options_.jitter});
  }

  void count_down(const Failure& failure) {
    const detail::Firing firing;
    for (auto& waiter : std::exchange(waiters_, {})) {
      if (waiter.attempts == 1) {
        waiter.promise.set_error(failure);
      } else if (waiter.promise.wanted()) {
        waiters_.push_back({std::move(waiter.promise), waiter.attempts == 0 ? 0 : waiter.attempts - 1});
      }
    }
  }

  void fail_waiters() {
    const detail::Firing firing;
    for (auto& waiter : std::exchange(waiters_, {})) waiter.promise.set_error(ServiceStopped("the client service was stopped"));
  }

  void end() {
    running_ = stopping_ = connected_ = false;
    protocol_ = nullptr;
    connection_.reset();
    fail_waiters();
    const detail::Firing firing;
    for (auto& each : std::exchange(ends_, {})) each.set_value();
    if (std::exchange(again_, false)) start();
  }

  Connect connect_;
  Serve serve_;
  ClientServiceOptions options_;
  std::optional<CancelScope> scope_;  // what a stop ends at once
  std::optional<detail::Backoff> backoff_;
  std::optional<Connection> connection_;  // run by protocol_
  Protocol* protocol_ = nullptr;
  std::optional<Instant> connected_at_;
  std::vector<Waiter> waiters_;
  std::vector<Promise<void>> ends_;  // who waits for the end
  int failures_ = 0;
  bool running_ = false;
  bool stopping_ = false;
  bool again_ = false;  // start when stopped
  bool connected_ = false;
  bool gone_ = false;
  Deferred<void> life_ = succeed();
};

ClientService::ClientService(Connect connect, std::unique_ptr<ProtocolFactory> factory, ClientServiceOptions options)
    : state_(std::make_shared<State>(std::move(connect), std::move(factory), std::move(options))) {}
ClientService::ClientService(Connect connect, StreamHandler handler, ClientServiceOptions options)
    : state_(std::make_shared<State>(std::move(connect), std::move(handler), std::move(options))) {}
ClientService::ClientService(ClientService&&) noexcept = default;
ClientService& ClientService::operator=(ClientService&& other) noexcept {
  if (this != &other) {
    const auto before = std::exchange(state_, std::move(other.state_));
    if (before) before->gone();
  }
  return *this;
}
ClientService::~ClientService() {
  if (const auto state = std::move(state_)) state->gone();
}

ClientService::Connect ClientService::to(ClientEndpoint where) {
  return [where = std::move(where)] { return connect(where); };
}
ClientService::Connect ClientService::to(std::string_view where) {
  auto endpoint = parse_client_endpoint(where);
  if (!endpoint) throw BadEndpoint(endpoint.error().message);
  return to(*std::move(endpoint));
}

void ClientService::start() { state_->start(); }
Deferred<void> ClientService::stop(Duration limit) { return state_->stop(limit); }
Deferred<void> ClientService::when_connected(int fail_after) { return state_->when_connected(fail_after); }
bool ClientService::connected() const noexcept { return state_->connected(); }
Protocol* ClientService::protocol() const noexcept { return state_->protocol(); }
int ClientService::failures() const noexcept { return state_->failures(); }

}  // namespace torc
