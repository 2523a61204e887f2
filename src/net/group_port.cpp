#include "net/group_shares.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/gather.hpp>
#include <torc/base/log.hpp>

#include <sys/socket.h>

#include <utility>
#include <vector>

namespace torc {

namespace {

std::optional<IpAddress> ip_of_peer(int socket) {
  sockaddr_storage raw;
  socklen_t size = sizeof raw;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return std::nullopt;
  const auto address = SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&raw), size);
  if (!address || !address->is_ip()) return std::nullopt;
  return address->ip();
}

// One socket, or one for each reactor on the same port.
std::vector<ListeningSocket> open_sockets(SocketAddress address, TcpListenOptions tcp, std::size_t count) {
  tcp.reuse_port |= count > 1;
  std::vector<ListeningSocket> sockets;
  for (std::size_t i = 0; i < count; ++i) {
    sockets.push_back(ListeningSocket::tcp(address, tcp));
    address = sockets.front().address();
  }
  return sockets;
}

}  // namespace

class GroupPort::State {
 public:
  State(std::shared_ptr<detail::GroupShares> shares, SocketAddress address)
      : home_(Reactor::required("listen on a group")), shares_(std::move(shares)), address_(std::move(address)) {}

  ~State() {
    detail::check_thread(&home_, "a GroupPort was destroyed");
    acceptor_.reset();
    for (std::size_t i = 0; i < shares_->size(); ++i) shares_->end(i);
  }

  const SocketAddress& address() const noexcept { return address_; }
  detail::GroupShares& shares() const noexcept { return *shares_; }

  void accept(ListeningSocket socket, Spread spread) {
    acceptor_.emplace(Port::accept(std::move(socket), [this, spread](UniqueFd connection) {
      hand_out(std::move(connection), spread);
    }));
  }

  Deferred<void> close(Duration limit) {
    detail::check_thread(&home_, "GroupPort::close() was called");
    acceptor_.reset();
    std::vector<Deferred<void>> closing;
    for (std::size_t i = 0; i < shares_->size(); ++i) {
      shares_->not_serving(i);
      closing.push_back(detail::CrossCall<void>::start(
                            shares_->door(i), [shares = shares_, i, limit] { return shares->close(i, limit); },
                            std::source_location::current())
                            .recover([](Failure failure) -> Deferred<void> {
                              if (failure.check<ReactorStopped>()) return succeed();
                              return fail<void>(std::move(failure));
                            }));
    }
    return gather(std::move(closing));
  }

 private:
  void hand_out(UniqueFd connection, Spread spread) {
    for (;;) {
      const auto ip = spread == Spread::kSticky ? ip_of_peer(connection.get()) : std::nullopt;
      const std::size_t to = ip ? shares_->sticky(*ip) : shares_->least_loaded(next_);
      if (to == shares_->size()) break;
      if (!ip) next_ = to + 1;
      if (shares_->send(connection, to)) return;
      shares_->not_serving(to);
    }
    complaints_.write(LogLevel::kWarning, "net",
                      "a connection to " + address_.str() + " was closed: every reactor of the group has stopped",
                      home_.now().time_since_epoch());
  }

  Reactor& home_;
  const std::shared_ptr<detail::GroupShares> shares_;
  const SocketAddress address_;
  std::size_t next_ = 0;
  log::RateLimit complaints_{std::chrono::seconds(1)};
  std::optional<Port> acceptor_;
};

GroupPort::GroupPort(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
GroupPort::GroupPort(GroupPort&&) noexcept = default;
GroupPort& GroupPort::operator=(GroupPort&&) noexcept = default;
GroupPort::~GroupPort() = default;

const SocketAddress& GroupPort::address() const noexcept { return state_->address(); }
GroupLoad GroupPort::load() const { return state_->shares().load(); }
Deferred<void> GroupPort::close(Duration limit) { return state_->close(limit); }

Deferred<GroupPort> GroupPort::open(ReactorGroup& group, SocketAddress address, TcpListenOptions tcp, MakeServer make,
                                    GroupPortOptions options) {
  const auto shares = std::make_shared<detail::GroupShares>(group);
  const bool each = options.spread == Spread::kReusePort;
  auto sockets = open_sockets(std::move(address), tcp, each ? shares->size() : 1);
  const SocketAddress where = sockets.front().address();
  GroupPort port(std::make_unique<State>(shares, where));
  const auto making = std::make_shared<MakeServer>(std::move(make));
  bool any = false;
  for (std::size_t i = 0; i < shares->size(); ++i) {
    std::optional<ListeningSocket> socket;
    if (each) socket = std::move(sockets[i]);
    auto made = co_await as_outcome(detail::CrossCall<void>::start(
        shares->door(i),
        [shares, i, where, making, socket = std::move(socket)]() mutable {
          shares->set_up(i, std::move(socket), where, making);
        },
        std::source_location::current()));
    if (made) {
      any = true;
    } else if (made.error().check<ReactorStopped>()) {
      shares->not_serving(i);
    } else {
      made.error().raise();
    }
  }
  if (!any) throw ReactorStopped("cannot listen on " + where.str() + ": every reactor of the group has stopped");
  if (!each) port.state_->accept(std::move(sockets.front()), options.spread);
  co_return port;
}

}  // namespace torc
