// The HTTP client.
//
//   auto page = co_await torc::http::get("http://127.0.0.1:8080/", {.timeout = 5s});
//   std::string text = co_await page.text();
//
// A Client keeps connections for further requests to the same host (RFC 9112 §9.3) and bounds them; get()
// and fetch() use the one of the reactor they are called on. A request that meets a connection its server
// had closed meanwhile is sent again once, on a new one, if it is idempotent, has no content and nothing
// of a response has come. HTTP/1.1 over TCP; https is refused.
//
// The content of a response is read from the connection when it is asked for. Until it has been read to
// its end, the response holds the connection and one of the host's `active_per_host` places; dropping it
// before closes the connection. Content that came together with the head holds nothing.
//
// What goes out is checked like what comes in: method, target and fields cannot hold CR, LF or NUL, and
// the fields that say where a message ends are the client's alone to set.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/time.hpp>
#include <torc/http/headers.hpp>
#include <torc/http/response.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace torc::http {

class ConnectionPool;

struct RequestOptions {
  std::string method = "GET";
  /// Beside User-Agent and Accept, which may be given here, and Host and Content-Length, which may not.
  Headers headers = {};
  /// Content to send; a length that is not known is sent chunked.
  Body body = {};
  /// For everything up to the end of the response's head: waiting for a place, redirects, sending.
  Duration timeout = std::chrono::seconds(30);
  /// Without a byte of the content.
  Duration stall_timeout = std::chrono::seconds(30);
  /// False: a redirect is a response like any other.
  bool follow_redirects = true;
  /// Redirects that are followed; the next one is an error. 301 and 302 make a GET of a POST, 303 of
  /// everything but HEAD (RFC 9110 §15.4); otherwise content is sent again, which a BodySource cannot be.
  /// Authorization, Cookie and Proxy-Authorization do not cross to another origin.
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
  /// Closes idle connections. Fetches and responses go on; their connections are closed after them.
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// The response once its head is there, whatever its status; its content is read through it.
  /// Dropping or cancelling closes the connection; a server may still act on what it had received.
  /// Fails with
  ///   BadUrl, InvalidRequest    nothing was sent
  ///   ConnectError              nobody answered at that address
  ///   ConnectionLost            it ended before the response did; also while content is read
  ///   TimeoutError              `timeout` or `stall_timeout`; says what was waited for
  ///   ProtocolError             the answer is not HTTP
  ///   TooManyRedirects
  /// each with "fetching URL" before it. What a BodySource of the request fails with is passed on.
  Deferred<Response> fetch(std::string url, RequestOptions options = {});
  /// Connections that are kept idle.
  std::size_t idle_connections() const noexcept;

 private:
  std::shared_ptr<ConnectionPool> pool_;  // shared with fetches and responses
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
/// The request cannot be sent as it was given; the message says why.
class InvalidRequest : public Error {
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
