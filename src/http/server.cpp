#include <torc/http/server.hpp>

#include "http/server_connection.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/endpoint/listen.hpp>
#include <torc/reactor/reactor.hpp>

#include <utility>

namespace torc::http {

namespace {

struct ConnectionFactory final : ProtocolFactory {
  explicit ConnectionFactory(std::shared_ptr<ServerContext> context) : context(std::move(context)) {}
  std::unique_ptr<Protocol> build() override { return std::make_unique<ServerConnection>(context); }
  std::shared_ptr<ServerContext> context;
};

}  // namespace

class Server::State {
 public:
  State(Router app, ServerOptions options)
      : context_(std::make_shared<ServerContext>(std::move(app), std::move(options), Reactor::required("http::listen"))) {}

  Deferred<void> open(ServerEndpoint where) {
    // An HTTP connection answers one request at a time and stops reading by itself.
    return torc::listen(std::move(where), std::make_unique<ConnectionFactory>(context_)).then([this](Port port) {
      port_.emplace(std::move(port));
    });
  }
  Port& port() noexcept { return *port_; }
  const ServerOptions& options() const noexcept { return context_->options; }

 private:
  std::shared_ptr<ServerContext> context_;
  std::optional<Port> port_;
};

Server::Server(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

const SocketAddress& Server::address() const noexcept { return state_->port().address(); }
std::size_t Server::connections() const noexcept { return state_->port().connections(); }
Deferred<void> Server::close() { return state_->port().close(state_->options().drain_limit); }

Deferred<Server> listen(ServerEndpoint where, Router app, ServerOptions options) {
  auto state = std::make_unique<Server::State>(std::move(app), std::move(options));
  auto opened = state->open(std::move(where));
  return std::move(opened).then([state = std::move(state)]() mutable { return Server(std::move(state)); });
}

Deferred<Server> listen(std::string_view where, Router app, ServerOptions options) {
  auto endpoint = parse_server_endpoint(where);
  if (!endpoint) return fail<Server>(BadEndpoint(endpoint.error().message));
  return listen(*std::move(endpoint), std::move(app), std::move(options));
}

std::unique_ptr<ProtocolFactory> connection_factory(Router app, ServerOptions options) {
  return std::make_unique<ConnectionFactory>(std::make_shared<ServerContext>(
      std::move(app), std::move(options), Reactor::required("http::connection_factory")));
}

namespace {

Deferred<void> serve_until_cancelled(Deferred<Server> listening) {
  Server server = co_await listening;
  auto cancelled = co_await as_outcome(until_cancelled());
  // The port's own limit bounds this; ours is only a net below it.
  co_await shield(std::chrono::minutes(10), server.close());
  cancelled.value();
}

}  // namespace

Deferred<void> serve(ServerEndpoint where, Router app, ServerOptions options) {
  return serve_until_cancelled(listen(std::move(where), std::move(app), std::move(options)));
}

Deferred<void> serve(std::string_view where, Router app, ServerOptions options) {
  return serve_until_cancelled(listen(where, std::move(app), std::move(options)));
}

}  // namespace torc::http
