#include <torc/http/client.hpp>

#include "http/client_exchange.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/endpoint/listen.hpp>
#include <torc/http/status.hpp>
#include <torc/reactor/reactor.hpp>

#include <chrono>
#include <utility>

namespace torc::http {

namespace {

// One fetch: from a URL to the head of the response that redirects lead to.
class Fetching {
 public:
  Fetching(std::shared_ptr<ConnectionPool> pool, std::string url, RequestOptions options)
      : pool_(std::move(pool)),
        url_(std::move(url)),
        options_(std::move(options)),
        request_(std::make_shared<ClientRequest>(ClientRequest{.method = std::move(options_.method),
                                                               .url = checked_url(url_),
                                                               .headers = std::move(options_.headers),
                                                               .body = std::move(options_.body)})) {}

  Deferred<Response> run() {
    for (;; ++redirects_) {
      Response response = co_await exchange();
      const int status = response.status();
      const auto locations = response.headers().all("Location");
      if (!options_.follow_redirects || !is_redirect(status) || locations.empty()) co_return std::move(response);
      if (locations.size() > 1) throw ProtocolError("redirected to two places at once");
      if (redirects_ >= options_.max_redirects) {
        throw TooManyRedirects("more than " + std::to_string(options_.max_redirects) + " redirects");
      }
      const std::string location(locations.front());
      response = Response();  // its connection may still be sending our content
      follow_redirect(*request_, status, location);
    }
  }

  /// `failure`, saying what was being done.
  Failure explained(Failure failure) const {
    if (failure.check<Cancelled>()) return failure;
    if (failure.check<TimeoutError>()) failure.note(request_->method + ", " + doing_);
    return std::move(failure.note(what()));
  }

 private:
  // One request, on a connection that another has used or on a new one.
  Deferred<Response> exchange() {
    const std::string head_text = request_head(*request_);
    const std::string origin = request_->url.origin();
    if (pool_->busy(origin)) {
      doing_ = "waiting for one of the " + std::to_string(pool_->options().active_per_host) + " requests to " + origin +
               " to end (a response ends when its content has been read, or it is dropped)";
    }
    auto lease = co_await ConnectionPool::acquire(pool_, origin);
    const bool reused = lease.connected();
    if (!reused) lease.connect(co_await connect());
    doing_ = "waiting for the response";
    auto exchange =
        std::make_unique<ClientExchange>(request_, head_text, std::move(lease), options_.stall_timeout, what());
    auto head = co_await as_outcome(exchange->perform());
    if (!head && reused && exchange->may_repeat(head.error())) {
      // A kept connection that its server had closed before it saw the request.
      exchange->reconnect(co_await connect());
      doing_ = "waiting for the response";
      head = co_await as_outcome(exchange->perform());
    }
    if (!head) co_return std::move(head).error();
    co_return response(*head, std::move(exchange));
  }

  Deferred<Stream> connect() {
    doing_ = "connecting";
    return torc::connect(ClientEndpoint(TcpClientEndpoint{
        .host = request_->url.host(),
        .port = request_->url.port(),
        .timeout = std::chrono::ceil<std::chrono::milliseconds>(options_.timeout),
    }));
  }

  Response response(const codec::http1::ResponseHead& head, std::unique_ptr<ClientExchange> exchange) {
    Response response(head.status());
    response.headers().reserve(head.fields().size());
    for (const auto field : head.fields()) response.headers().add(field.name, field.value);
    response.set_url(request_->url.str());
    if (auto content = exchange->whole_content()) {
      response.body() = Body(*std::move(content));
    } else {
      response.body() = Body(std::unique_ptr<BodySource>(std::move(exchange)));
    }
    return response;
  }

  std::string what() const {
    std::string text = "fetching " + url_;
    if (redirects_ > 0) text += ": redirected to " + request_->url.str();
    return text;
  }

  std::shared_ptr<ConnectionPool> pool_;
  std::string url_;  // as given
  RequestOptions options_;
  std::shared_ptr<ClientRequest> request_;  // shared with the exchange, which may outlive us
  std::string doing_;
  int redirects_ = 0;
};

}  // namespace

Client::Client(ClientOptions options) : pool_(std::make_shared<ConnectionPool>(options)) {}
Client::~Client() {
  if (pool_) pool_->close();
}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&& other) noexcept {
  if (this != &other) {
    if (pool_) pool_->close();
    pool_ = std::move(other.pool_);
  }
  return *this;
}

Deferred<Response> Client::fetch(std::string url, RequestOptions options) {
  try {
    const Duration limit = options.timeout;
    auto fetching = std::make_unique<Fetching>(pool_, std::move(url), std::move(options));
    auto response = with_timeout(limit, fetching->run());
    return std::move(response).recover(
        [fetching = std::move(fetching)](Failure failure) { return fetching->explained(std::move(failure)); });
  } catch (...) {
    return fail<Response>(Failure::current());
  }
}

std::size_t Client::idle_connections() const noexcept { return pool_->idle(); }

Deferred<Response> fetch(std::string url, RequestOptions options) {
  return Reactor::required("http::fetch").service<Client>().fetch(std::move(url), std::move(options));
}

Deferred<Response> get(std::string url, RequestOptions options) {
  options.method = "GET";
  return fetch(std::move(url), std::move(options));
}

}  // namespace torc::http
