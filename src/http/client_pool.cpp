#include "http/client_pool.hpp"

#include <torc/async/operation.hpp>
#include <torc/async/timing.hpp>

#include <algorithm>
#include <utility>

namespace torc::http {

// One request that waits for a place. The host knows it until it has one.
class ConnectionPool::Turn final : public torc::detail::OperationOf<Lease>,
                                   public torc::detail::Resident,
                                   public torc::detail::Pooled {
 public:
  Turn(Reactor& reactor, std::shared_ptr<ConnectionPool> pool) : pool_(std::move(pool)) { reactor.house(*this); }

  /// Its place in the line of the host.
  struct InLine : torc::detail::ListHook {
    explicit InLine(Turn& turn) noexcept : turn(turn) {}
    Turn& turn;
  } in_line{*this};

  /// Its owner runs later: whoever gives a lease back is not re-entered.
  void grant(Host& host, std::optional<Stream> stream) noexcept {
    leave();
    set(Outcome<Lease>(Lease(std::move(pool_), host, std::move(stream))));
    fire_later();
  }

 private:
  void reactor_stopping() noexcept override {
    leave();
    Operation::fire(Failure(ReactorStopped("the reactor stopped while a request waited for its turn")));
  }
  void cancel_leaf() noexcept override {
    leave();
    Operation::fire(Failure(Cancelled{}));
  }
  void abandon() noexcept override { delete this; }
  // With a lease that nobody took, the place goes to the next.
  void discard() noexcept override { delete this; }
  void leave() noexcept {
    in_line.unlink();
    static_cast<Resident&>(*this).unlink();
  }

  std::shared_ptr<ConnectionPool> pool_;
};

struct ConnectionPool::Idle final : torc::detail::ListHook {
  Idle(Host& host, Stream stream) noexcept : host(host), stream(std::move(stream)) {}
  Host& host;
  Stream stream;
  std::optional<Deferred<void>> watch;  // ends when the connection must go
};

struct ConnectionPool::Host {
  explicit Host(const std::string& origin) : origin(origin) {}
  std::string origin;
  std::size_t active = 0;
  std::vector<std::unique_ptr<Idle>> idle;  // longest idle first
  torc::detail::IntrusiveList<Turn::InLine> line;
};

ConnectionPool::ConnectionPool(ClientOptions options) noexcept : options_(options) {
  options_.active_per_host = std::max<std::size_t>(options_.active_per_host, 1);
}

ConnectionPool::~ConnectionPool() = default;

Deferred<ConnectionPool::Lease> ConnectionPool::acquire(const std::shared_ptr<ConnectionPool>& pool,
                                                        const std::string& origin) {
  // Before any connection of ours, so that it is told of the end first.
  if (!pool->linked()) Reactor::required("an HTTP client").house(*pool);
  auto& host = pool->hosts_[origin];
  if (!host) host = std::make_unique<Host>(origin);
  if (host->active >= pool->options_.active_per_host) {
    auto* turn = new Turn(Reactor::required("an HTTP client"), pool);
    host->line.push_back(turn->in_line);
    return Deferred<Lease>(turn);
  }
  ++host->active;
  std::optional<Stream> stream;
  while (!stream && !host->idle.empty()) {
    // The one used last: it is the least likely to have been closed at the other end.
    auto idle = std::move(host->idle.back());
    host->idle.pop_back();
    --pool->idle_count_;
    idle->watch.reset();
    if (idle->stream.open()) stream.emplace(std::move(idle->stream));
  }
  return Deferred<Lease>(Outcome<Lease>(Lease(pool, *host, std::move(stream))));
}

bool ConnectionPool::busy(const std::string& origin) const noexcept {
  const auto found = hosts_.find(origin);
  return found != hosts_.end() && found->second->active >= options_.active_per_host;
}

void ConnectionPool::close() noexcept {
  closed_ = true;
  forget_all();
}

void ConnectionPool::forget_all() noexcept {
  while (Idle* idle = by_age_.front()) forget(*idle);
}

// The connection can be used again.
void ConnectionPool::keep(Host& host, Stream stream) {
  if (closed_ || !stream.open()) return next(host, std::nullopt);
  if (!host.line.empty()) return next(host, std::move(stream));
  auto idle = std::make_unique<Idle>(host, std::move(stream));
  auto read = idle->stream.read_some();
  if (!read.pending()) {
    // Something came that nobody asked for, or the end.
    static_cast<void>(read.take());
    return next(host, std::nullopt);
  }
  auto& kept = *idle;
  host.idle.push_back(std::move(idle));
  by_age_.push_back(kept);
  ++idle_count_;
  kept.watch.emplace(
      with_timeout(options_.idle_timeout, std::move(read)).then_outcome([this, &kept](auto&&) { forget(kept); }));
  --host.active;
  if (host.idle.size() > options_.idle_per_host) {
    forget(*host.idle.front());
  } else if (idle_count_ > options_.idle_total) {
    forget(*by_age_.front());
  }
}

void ConnectionPool::forget(Idle& idle) noexcept {
  Host& host = idle.host;
  std::erase_if(host.idle, [&](const auto& each) { return each.get() == &idle; });
  --idle_count_;
  forget_if_unused(host);
}

void ConnectionPool::forget_if_unused(Host& host) noexcept {
  if (host.active == 0 && host.idle.empty()) hosts_.erase(hosts_.find(host.origin));
}

// A place is free: whoever waits longest gets it, with `stream` if there is one.
void ConnectionPool::next(Host& host, std::optional<Stream> stream) noexcept {
  if (auto* first = host.line.front()) return first->turn.grant(host, std::move(stream));
  --host.active;
  forget_if_unused(host);
}

ConnectionPool::Lease::~Lease() {
  if (!pool_) return;
  stream_.reset();
  pool_->next(*host_, std::nullopt);
}

void ConnectionPool::Lease::keep() && {
  const auto pool = std::move(pool_);
  Stream stream = *std::move(stream_);
  stream_.reset();
  pool->keep(*host_, std::move(stream));
}

}  // namespace torc::http
