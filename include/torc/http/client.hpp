// The HTTP client.
//
//   auto page = co_await torc::http::get("http://127.0.0.1:8080/", {.timeout = 5s});
//   std::string text = co_await page.text();
//
// A Client keeps connections for further requests to the same host (RFC 9112 §9.3) and bounds them; get()
// and fetch() use the one of the reactor they are called on. A request that meets a connection its server
// had closed meanwhile is sent again once, on a new one, if it is idempotent, has no content and nothing
// of a response has come.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/time.hpp>
#include <torc/http/headers.hpp>
#include <torc/http/response.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace torc::http {

struct RequestOptions {
  std::string method = "GET";
  /// Beside Host, Content-Length and, unless given, User-Agent and Accept.
  Headers headers = {};
  /// Content to send; a length that is not known is sent chunked.
  Body body = {};
  /// For everything up to the end of the response's head.
  Duration timeout = std::chrono::seconds(30);
  /// Without a byte of the content.
  Duration stall_timeout = std::chrono::seconds(30);
  /// Redirects that are followed; the next one is an error. Credentials do not cross origins.
  int max_redirects = 10;
};

struct ClientOptions {
  /// Idle connections kept, for one host and for all.
  std::size_t idle_per_host = 8;
  std::size_t idle_total = 64;
  /// Requests to one host at once; further ones wait their turn.
  std::size_t active_per_host = 64;
  /// How long an idle connection is kept.
  Duration idle_timeout = std::chrono::seconds(30);
};

class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// The response once its head is there; its content is read through it. The connection goes back to
  /// the pool when the content has been read to its end; dropping the response before closes it.
  /// Fails with BadUrl, ConnectError, TimeoutError, ProtocolError, ... each saying what was fetched.
  Deferred<Response> fetch(std::string url, RequestOptions options = {});
  /// Connections that are kept idle.
  std::size_t idle_connections() const noexcept;

 private:
  class Pool;
  std::unique_ptr<Pool> pool_;
};

/// As Client::fetch, with the client of the current reactor.
Deferred<Response> fetch(std::string url, RequestOptions options = {});
/// fetch with GET.
Deferred<Response> get(std::string url, RequestOptions options = {});

/// The URL cannot be used; the message says why.
class BadUrl : public Error {
 public:
  using Error::Error;
};
/// The server's answer is not HTTP as it should be.
class ProtocolError : public Error {
 public:
  using Error::Error;
};
/// More redirects than allowed.
class TooManyRedirects : public Error {
 public:
  using Error::Error;
};

}  // namespace torc::http
