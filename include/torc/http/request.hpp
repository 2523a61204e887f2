// Request: what a handler is asked. Valid until the handler's response has been given and, for one that
// streams, sent. One thread.
#pragma once

#include <torc/base/address.hpp>
#include <torc/codec/http1_head.hpp>
#include <torc/http/body.hpp>
#include <torc/http/route_table.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace torc::http {

class Exchange;
class ServerConnection;

class Request {
 public:
  std::string_view method() const noexcept { return head_.method(); }
  /// As sent: path and query, or one of the other forms.
  std::string_view target() const noexcept { return head_.target(); }
  /// The target's path, percent-encoded as it came.
  std::string_view path() const noexcept { return head_.path(); }
  /// Behind the '?', as it came.
  std::string_view query() const noexcept { return head_.query(); }
  /// The host and port asked for.
  std::string_view host() const noexcept { return head_.host(); }

  /// The first field of this name, letter case ignored.
  std::optional<std::string_view> header(std::string_view name) const noexcept { return head_.find(name); }
  /// All fields as they came.
  const codec::http1::Fields& headers() const noexcept { return head_.fields(); }

  /// The length of the content, when the client said it.
  std::optional<std::uint64_t> content_length() const noexcept { return head_.content_length(); }
  /// 0 or 1, of HTTP/1.0 or HTTP/1.1.
  int minor_version() const noexcept { return head_.minor_version(); }

  /// A parameter of the route, decoded: "{name}" in the pattern. Throws http::StatusError 400 when its
  /// escapes are malformed; a name the pattern does not have is a programming error.
  std::string param(std::string_view name) const;
  /// Below a mount: the rest of the path, empty or beginning with '/', as it came.
  std::string_view rest() const noexcept { return match_.rest(); }

  /// The content. Reading it is what asks the client to send it, where it waits for that.
  Body& body() noexcept { return body_; }
  /// Replaces the server's limit for the content of this request; before the first read.
  void set_body_limit(std::uint64_t bytes) noexcept;

  /// The other end of the connection.
  SocketAddress peer() const;

 private:
  friend class Exchange;
  friend class Router;
  codec::http1::RequestHead head_;
  RouteMatch match_;
  Body body_;
  ServerConnection* connection_ = nullptr;
};

}  // namespace torc::http
