// What a port does with its connections, from their first moment to their end.
#include <torc/net/port.hpp>

#include "net/acceptor.hpp"
#include "net/connection_places.hpp"
#include "net/fd_transport.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/net/connection.hpp>

#include <fcntl.h>

#include <limits>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace torc {

namespace {

constexpr auto kNoLimit = std::numeric_limits<std::size_t>::max();

}  // namespace

class Port::State final : public detail::Resident,
                          public Acceptor::Owner,
                          public FdTransport::Owner,
                          public ConnectionPlaces::Owner,
                          public std::enable_shared_from_this<State> {
 public:
  using Serve = std::variant<std::unique_ptr<ProtocolFactory>, StreamHandler, ConnectionTaker>;

  State(ListeningSocket socket, PortOptions options, Serve serve)
      : State(std::move(options), std::move(serve), socket.address()) {
    socket_ = std::move(socket);
    acceptor_ = Acceptor::make(reactor_, socket_->fd(), address_.str(), *this,
                               options_.max_connections != kNoLimit);
  }
  State(Stream only, PortOptions options, Serve serve)
      : State(std::move(options), std::move(serve), SocketAddress()) {
    tasks_->spawn(serve_one(std::move(only)));
  }
  State(PortOptions options, Serve serve, SocketAddress address)
      : reactor_(Reactor::required("listen")),
        options_(std::move(options)),
        serve_(std::move(serve)),
        address_(std::move(address)) {
    tasks_.emplace([](Failure failure) {
      if (failure.check<ConnectionClosed, ReactorStopped>()) return;  // not an error of the handler's
      detail::report_unhandled(failure, "in a connection handler");
    });
    if (options_.max_connections != kNoLimit || options_.max_per_peer != kNoLimit) {
      places_ = std::make_shared<ConnectionPlaces>(options_.max_connections, options_.max_per_peer, *this);
    }
    reactor_.house(*this);
  }

  ~State() { gone(); }

  /// The port is destroyed. What it serves with lives until the call into it returns.
  void gone() noexcept {
    stop_listening();
    static_cast<detail::Resident&>(*this).unlink();
    if (places_) places_->owner_gone();
    drop_all();
    drained_.clear();
    tasks_.reset();
  }

  const SocketAddress& address() const noexcept { return address_; }
  std::size_t connections() const noexcept { return count_ + (tasks_ ? tasks_->size() : 0); }

  std::uint64_t refused() const noexcept { return refused_; }

  UniqueFd share() const {
    return UniqueFd(socket_ ? ::fcntl(socket_->fd(), F_DUPFD_CLOEXEC, 3) : -1);
  }
  void hand_over() noexcept {
    const auto self = shared_from_this();  // who is called may destroy the port
    if (acceptor_) acceptor_->finish();
    if (!socket_) return;
    acceptor_.reset();
    const UniqueFd given = std::move(*socket_).release();
    stop_listening();
  }

  Deferred<void> close(Duration limit) {
    const auto self = shared_from_this();
    stop_listening();
    drain_all();
    if (connections() == 0) return succeed();
    return drained(limit);
  }

  void hand(UniqueFd connection, OpenCount count) {
    detail::check_thread(&reactor_, "Port::hand() was called");
    const auto self = shared_from_this();  // who is called may destroy the port
    if (!open_) return;
    if (places_ && places_->full()) {
      ++refused_;
    } else {
      admit(stream_fd(std::move(connection)), counted(std::move(count), true));
    }
  }

  void hand(ReleasedSocket connection, StreamHandler handler, OpenCount count) {
    detail::check_thread(&reactor_, "Port::hand() was called");
    const auto self = shared_from_this();
    if (!open_) throw Error("a connection was moved to the port on " + address_.str() + ", which is closing");
    auto* own = std::get_if<StreamHandler>(&serve_);
    if (!handler && (!own || !options_.layers.empty())) {
      throw Error("a connection was moved to a port on " + address_.str() +
                  " that serves no plain streams: give a handler with it");
    }
    serve(handler ? handler : *own, Stream::adopt(std::move(connection)), counted(std::move(count), false));
  }

 private:
  // Stands for the stream that a handler is to get, until the layers below are ready.
  class Entrance final : public Protocol {
   public:
    explicit Entrance(State& port) noexcept : port_(port) {}
    FdTransport* socket = nullptr;

   private:
    void connection_made() override {
      if (socket->closing()) return;  // a layer that is ready has ended it, and perhaps the port
      const std::unique_ptr<Entrance> self(this);  // the stream takes its place
      Transport& transport = this->transport();
      transport.forget_protocol();
      port_.enter(*socket, transport);
    }
    void data_received(std::string_view) override {}
    State& port_;
  };

  StreamFd stream_fd(UniqueFd connection) const noexcept { return StreamFd(std::move(connection), address_.is_unix()); }
  OpenCount counted(OpenCount count, bool accepted) const noexcept {
    return count ? std::move(count) : OpenCount(options_.load, accepted);
  }
  // The counts of connections that protocols serve lie in a heap: one is as good as the other.
  void begun(OpenCount count) {
    if (count) counts_.push_back(std::move(count));
    ++count_;
  }
  OpenCount ended() noexcept {
    --count_;
    if (counts_.empty()) return {};
    OpenCount last = std::move(counts_.back());
    counts_.pop_back();
    return last;
  }

  bool accepted(UniqueFd connection) noexcept override {
    const auto self = shared_from_this();  // who is called may destroy the port
    admit(stream_fd(std::move(connection)), OpenCount(options_.load, true));
    return acceptor_ != nullptr;
  }
  bool has_place() const noexcept override { return !places_ || !places_->full(); }

  void place_free() noexcept override {
    if (acceptor_) acceptor_->go_on();
  }

  void admit(StreamFd connection, OpenCount count) noexcept {
    try {
      if (auto* taker = std::get_if<ConnectionTaker>(&serve_)) return (*taker)(connection.release());
      std::unique_ptr<Layer> place;
      if (places_) {
        const SocketAddress peer = places_->counts_peers() ? connection.peer() : SocketAddress();
        place = places_->take(peer);
        if (!place) return refuse(peer);
      }
      start(std::move(connection), std::move(place), std::move(count));
    } catch (...) {
      detail::report_unhandled(Failure::current(), "while accepting a connection");
    }
  }

  void refuse(const SocketAddress& peer) {
    ++refused_;
    refusals_.write(LogLevel::kWarning, "net",
                    "refused a connection from " + peer.str() + " on " + address_.str() + ": it has " +
                        std::to_string(options_.max_per_peer) + " already (max_per_peer)",
                    reactor_.now().time_since_epoch());
  }

  void start(StreamFd connection, std::unique_ptr<Layer> place, OpenCount count) {
    if (auto* factory = std::get_if<std::unique_ptr<ProtocolFactory>>(&serve_)) {
      auto protocol = (*factory)->build();
      if (protocol && tasks_) start(std::move(connection), std::move(place), std::move(protocol), std::move(count));
    } else if (options_.layers.empty() && !place) {
      serve(std::get<StreamHandler>(serve_), FdTransport::stream(reactor_, std::move(connection)), std::move(count));
    } else {
      auto entrance = std::make_unique<Entrance>(*this);
      FdTransport*& socket = entrance->socket;
      start(std::move(connection), std::move(place), std::move(entrance), std::move(count), &socket);
    }
  }

  // Above the layers, of which the first lies on the socket, or on the connection's place.
  void start(StreamFd connection, std::unique_ptr<Layer> place, std::unique_ptr<Protocol> protocol, OpenCount count,
             FdTransport** made = nullptr) {
    for (auto layer = options_.layers.rbegin(); layer != options_.layers.rend(); ++layer) {
      auto below = (*layer)->build();
      below->start(std::move(protocol));
      protocol = std::move(below);
    }
    if (place) {
      place->start(std::move(protocol));
      protocol = std::move(place);
    }
    // What a handler's task gets may outlive the port, and its options.
    const auto& limits = made ? FdTransport::standard_options() : options_.transport;
    auto& transport = FdTransport::make(reactor_, std::move(connection), limits);
    if (made) *made = &transport;
    begun(std::move(count));
    transport.set_owner(this);
    connections_.push_back(transport);
    transport.start(std::move(protocol));
  }

  // The layers are ready: the connection goes to a stream, and to the handler's task with it.
  void enter(FdTransport& socket, Transport& top) {
    const auto self = shared_from_this();  // the handler may destroy the port
    socket.set_owner(nullptr);
    static_cast<detail::Resident&>(socket).unlink();
    reactor_.house(socket);
    serve(std::get<StreamHandler>(serve_), Stream(top), ended());
    tell_if_drained();
  }

  void serve(StreamHandler& handler, Stream stream, OpenCount count) {
    auto serving = handler(std::move(stream));
    if (count) serving = std::move(serving).finally([count = std::move(count)] {});
    if (tasks_) tasks_->spawn(std::move(serving));
  }

  // A connection that nobody had to accept. Its task is dropped with the port.
  Deferred<void> serve_one(Stream stream) {
    co_await sleep(Duration(0));
    for (const auto& layer : options_.layers) co_await stream.upgrade(layer->build());
    if (auto* handler = std::get_if<StreamHandler>(&serve_)) {
      co_await (*handler)(std::move(stream));
    } else if (auto protocol = std::get<std::unique_ptr<ProtocolFactory>>(serve_)->build()) {
      auto connection = Connection::serve(std::move(stream), std::move(protocol));
      co_await connection.closed();
    }
  }

  void transport_gone() noexcept override {
    { const OpenCount last = ended(); }
    if (acceptor_) acceptor_->descriptor_free();
    tell_if_drained();
  }

  void drain_all() noexcept {
    // A connection may leave the list, and others with it, while it is told.
    while (detail::Resident* connection = connections_.pop_front()) {
      told_.push_back(*connection);
      static_cast<FdTransport*>(connection)->drain();
    }
    connections_.take(told_);
  }

  void drop_all() noexcept {
    connections_.take(told_);
    while (detail::Resident* resident = connections_.pop_front()) {
      auto* connection = static_cast<FdTransport*>(resident);
      connection->set_owner(nullptr);
      const OpenCount last = ended();
      connection->drop();
    }
  }

  // Waits for the connections to end; then, or at the limit, the handlers. When the wait is cut short,
  // what is left is aborted.
  Deferred<void> drained(Duration limit) {
    auto [gone, promise] = make_deferred<void>();
    drained_.push_back(std::move(promise));
    tell_if_drained();
    auto both = std::move(gone).then([self = shared_from_this()] {
      return self->tasks_ ? self->tasks_->join() : succeed();
    });
    return with_timeout(limit, std::move(both)).recover([self = shared_from_this()](Failure failure) -> Deferred<void> {
      if (!failure.check<TimeoutError, Cancelled>() || !self->tasks_) return fail(std::move(failure));
      self->drop_all();
      auto ended = self->tasks_->cancel();
      if (failure.check<TimeoutError>()) return ended;
      return std::move(ended).then([failure] { return failure; });
    });
  }

  void tell_if_drained() noexcept {
    if (count_ > 0 || drained_.empty()) return;
    for (auto& each : std::exchange(drained_, {})) each.set_value();
  }

  void stop_listening() noexcept {
    if (!std::exchange(open_, false)) return;
    acceptor_.reset();
    socket_.reset();
  }

  // Who holds the port may go later.
  void reactor_gone() noexcept override {
    const auto self = shared_from_this();
    gone();
  }
  void reactor_stopping() noexcept override {
    stop_listening();
    while (detail::Resident* connection = connections_.pop_front()) {
      told_.push_back(*connection);
      connection->reactor_stopping();
    }
    connections_.take(told_);
  }

  Reactor& reactor_;
  const PortOptions options_;
  Serve serve_;
  std::optional<ListeningSocket> socket_;  // none: it listens no more, or never did
  std::unique_ptr<Acceptor> acceptor_;     // with it
  const SocketAddress address_;
  bool open_ = true;
  detail::IntrusiveList<detail::Resident> connections_;
  detail::IntrusiveList<detail::Resident> told_;  // those that have been told to end, while the others are
  std::size_t count_ = 0;
  std::vector<OpenCount> counts_;  // where they are counted: as many
  std::optional<TaskSet> tasks_;  // none: the port is gone
  std::vector<Promise<void>> drained_;
  std::shared_ptr<ConnectionPlaces> places_;  // none: without limits
  std::uint64_t refused_ = 0;
  log::RateLimit refusals_{std::chrono::seconds(1)};
};

Port::Port(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
Port::Port(Port&&) noexcept = default;
Port& Port::operator=(Port&& other) noexcept {
  if (this != &other) {
    const auto before = std::exchange(state_, std::move(other.state_));
    if (before) before->gone();
  }
  return *this;
}
Port::~Port() {
  // Out of the port first: what dies below may look at it.
  if (const auto state = std::move(state_)) state->gone();
}

const SocketAddress& Port::address() const noexcept { return state_->address(); }
std::size_t Port::connections() const noexcept { return state_->connections(); }
std::uint64_t Port::refused() const noexcept { return state_->refused(); }
UniqueFd Port::share() const { return state_->share(); }
void Port::hand_over() noexcept { state_->hand_over(); }
Deferred<void> Port::close(Duration limit) { return state_->close(limit); }

void Port::hand(UniqueFd connection, OpenCount count) { state_->hand(std::move(connection), std::move(count)); }
void Port::hand(ReleasedSocket connection, StreamHandler handler, OpenCount count) {
  state_->hand(std::move(connection), std::move(handler), std::move(count));
}

Port Port::serve(ListeningSocket socket, std::unique_ptr<ProtocolFactory> factory, PortOptions options) {
  return Port(std::make_shared<State>(std::move(socket), std::move(options), std::move(factory)));
}
Port Port::serve(ListeningSocket socket, StreamHandler handler, PortOptions options) {
  return Port(std::make_shared<State>(std::move(socket), std::move(options), std::move(handler)));
}
Port Port::accept(ListeningSocket socket, ConnectionTaker taker) {
  return Port(std::make_shared<State>(std::move(socket), PortOptions(), std::move(taker)));
}
Port Port::handed(SocketAddress address, std::unique_ptr<ProtocolFactory> factory, PortOptions options) {
  return Port(std::make_shared<State>(std::move(options), std::move(factory), std::move(address)));
}
Port Port::handed(SocketAddress address, StreamHandler handler, PortOptions options) {
  return Port(std::make_shared<State>(std::move(options), std::move(handler), std::move(address)));
}
Port Port::serve_one(Stream stream, std::unique_ptr<ProtocolFactory> factory, PortOptions options) {
  return Port(std::make_shared<State>(std::move(stream), std::move(options), std::move(factory)));
}
Port Port::serve_one(Stream stream, StreamHandler handler, PortOptions options) {
  return Port(std::make_shared<State>(std::move(stream), std::move(options), std::move(handler)));
}

}  // namespace torc
