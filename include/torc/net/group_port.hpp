// GroupPort: one listening address that all reactors of a group serve. Got from torc::listen(group, ...).
//
//   auto port = co_await torc::listen(group, "tcp:8080", [] { return torc::factory<Echo>(); });
//   torc::log::info("app", port.load().str());
//   co_await port.close();
//
// Belongs to the reactor that opened it, its home; with kLeastLoaded and kSticky that one accepts. Each reactor of the group
// has a GroupShare: a Port with a server of its own, used on its thread only. Layers such as TLS do their work there too.
//
// Destroying it stops listening at once and aborts the connections, on their threads and so a little later. Handlers must
// refer only to what belongs to their reactor, or outlives the group. A connection on its way to a reactor that stops is
// closed; new ones go to the others.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/net/listening_socket.hpp>
#include <torc/net/port.hpp>
#include <torc/net/spread.hpp>
#include <torc/reactor/reactor_group.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace torc {

namespace detail {
class GroupShares;
}  // namespace detail

/// What serves the connections of one reactor.
struct PortServer {
  PortServer(std::unique_ptr<ProtocolFactory> factory, PortOptions options = {})
      : serve(std::move(factory)), options(std::move(options)) {}
  template <std::invocable<Stream> Handler>
  PortServer(Handler handler, PortOptions options = {})
      : serve(StreamHandler(std::move(handler))), options(std::move(options)) {}

  std::variant<std::unique_ptr<ProtocolFactory>, StreamHandler> serve;
  PortOptions options;  // of which `load` is the group's
};

struct GroupPortOptions {
  Spread spread = Spread::kLeastLoaded;
};

/// One reactor's part of a GroupPort; outlives the handlers there.
class GroupShare final : private detail::Resident {
 public:
  GroupShare(std::shared_ptr<detail::GroupShares> shares, std::size_t index);
  ~GroupShare();
  GroupShare(const GroupShare&) = delete;
  GroupShare& operator=(const GroupShare&) = delete;

  /// The number of this reactor in the group.
  std::size_t index() const noexcept { return index_; }
  /// How the port's connections are spread now.
  GroupLoad load() const;
  /// The reactor with the fewest open ones; this one if it is as good as any.
  std::size_t least_loaded() const noexcept;

  /// Moves a connection while it is idle to reactor `to`, where the port's handler, or `handler`, is called with it. Bytes
  /// that came and were not read go along. Fires when it is there. Fails with CannotRelease, and `stream` is as it was,
  /// while it is in use (Stream::release_socket); with ReactorStopped when that reactor stops first, and then the
  /// connection is closed. Dropping it may close the connection. A port of protocols needs a `handler`.
  Deferred<void> move(Stream&& stream, std::size_t to, StreamHandler handler = nullptr);

 private:
  friend class GroupPort;
  friend class detail::GroupShares;
  void reactor_stopping() noexcept override;

  const std::shared_ptr<detail::GroupShares> shares_;
  const std::size_t index_;
  std::optional<Port> port_;  // last: its handlers may look at the rest
};

class [[nodiscard]] GroupPort {
 public:
  /// Makes the server of a reactor, on its thread. Called for one reactor after the other.
  using MakeServer = std::move_only_function<PortServer(GroupShare&)>;

  /// Opens `address` and serves it on all reactors of `group` that run. Fails with CannotListen, or with what `make` throws
  /// on any of them: nothing is left open then.
  static Deferred<GroupPort> open(ReactorGroup& group, SocketAddress address, TcpListenOptions tcp, MakeServer make,
                                  GroupPortOptions options = {});

  GroupPort(GroupPort&&) noexcept;
  GroupPort& operator=(GroupPort&&) noexcept;
  ~GroupPort();

  /// Where it listens; the port number is the real one also when 0 was asked for.
  const SocketAddress& address() const noexcept;
  /// Open connections, on each reactor and since the beginning, and how uneven that is. May be asked from any thread.
  GroupLoad load() const;
  /// Stops listening at once, has each reactor finish its connections as Port::close does, and fires when none is left.
  /// What `limit` leaves over is aborted. Reactors that have stopped have nothing to finish.
  Deferred<void> close(Duration limit = std::chrono::seconds(10));

 private:
  class State;
  explicit GroupPort(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace torc
