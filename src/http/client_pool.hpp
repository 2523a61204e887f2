// ConnectionPool: the connections of a Client, and who may use one.
//
// For each host (origin) there are `active_per_host` places. acquire() gives one as a Lease, with an idle
// connection if there is one; when all are taken the request waits its turn. A lease that ends gives its
// place to whoever waits longest, or its connection back when that is clean.
//
//   idle ──acquire()──▶ leased ──keep()──▶ the next that waits, or idle
//    │                     └──~Lease──▶ closed
//    └── bytes, the peer's end, an error, the time limit, too many idle ──▶ closed
//
// An idle connection has a read pending, so that one the server closes goes away at once and bytes that
// nobody asked for are never taken for a response. When the reactor stops, idle connections are closed in
// order, before it would cut them.
#pragma once

#include <torc/http/client.hpp>
#include <torc/net/stream.hpp>
#include <torc/reactor/reactor.hpp>

#include <torc/base/intrusive_list.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::http {

class ConnectionPool final : private torc::detail::Resident {
 public:
  class Lease;

  explicit ConnectionPool(ClientOptions options) noexcept;
  ~ConnectionPool();

  /// A place at `origin`. Dropping or cancelling leaves the line; fails with ReactorStopped.
  static Deferred<Lease> acquire(const std::shared_ptr<ConnectionPool>& pool, const std::string& origin);
  /// True when acquire() would wait.
  bool busy(const std::string& origin) const noexcept;
  /// Nothing is kept from now on: the client is gone.
  void close() noexcept;

  std::size_t idle() const noexcept { return idle_count_; }
  const ClientOptions& options() const noexcept { return options_; }

 private:
  struct Host;
  struct Idle;
  class Turn;

  void reactor_stopping() noexcept override { forget_all(); }
  void forget_all() noexcept;
  void keep(Host& host, Stream stream);
  void forget(Idle& idle) noexcept;
  void forget_if_unused(Host& host) noexcept;
  void next(Host& host, std::optional<Stream> stream) noexcept;

  ClientOptions options_;
  std::map<std::string, std::unique_ptr<Host>, std::less<>> hosts_;
  torc::detail::IntrusiveList<Idle> by_age_;  // longest idle first
  std::size_t idle_count_ = 0;
  bool closed_ = false;
};

/// A place, and the connection used from it. Ending it closes the connection.
class ConnectionPool::Lease {
 public:
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease();

  bool connected() const noexcept { return stream_.has_value(); }
  Stream& stream() noexcept { return *stream_; }
  void connect(Stream stream) { stream_.emplace(std::move(stream)); }

  /// Ends the lease; the connection may be used again. Nobody who waits runs before this returns.
  void keep() &&;

 private:
  friend class ConnectionPool;
  Lease(std::shared_ptr<ConnectionPool> pool, Host& host, std::optional<Stream> stream) noexcept
      : pool_(std::move(pool)), host_(&host), stream_(std::move(stream)) {}

  std::shared_ptr<ConnectionPool> pool_;  // null: moved away or kept
  Host* host_;
  std::optional<Stream> stream_;
};

}  // namespace torc::http
