// ClientRequest: what a client asks, as text for the wire, and where a redirect sends it.
//
// A plain value but for its content. Nothing here waits, except for sending content.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/http/client.hpp>
#include <torc/http/url.hpp>
#include <torc/net/stream.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace torc::http {

struct ClientRequest {
  std::string method;
  Url url;
  Headers headers;
  Body body;

  /// False only for an empty body in memory, which is how "none" is written.
  bool has_content() noexcept;
  /// The outcome of sending it twice is that of sending it once (RFC 9110 §9.2.2).
  bool idempotent() const noexcept;
};

/// The URL if this client can fetch it. Throws BadUrl.
Url checked_url(std::string_view text);

/// The request's head, its framing made from the body. Throws InvalidRequest: nothing a caller gave can
/// end the head early, add a field, or lie about where the content ends.
std::string request_head(ClientRequest& request);

/// Sends `head` and the content of `request`, both of which outlive the Deferred, as `stream` does. False
/// when the connection did not take all: reading the response tells why. Fails when the content does: its
/// source failed, ended before what it had announced, or gave a piece that goes beyond.
Deferred<bool> send_request(Stream& stream, const std::string& head, ClientRequest& request);

/// Makes `request` the one that a redirect with `status` to `location` asks for.
/// Throws BadUrl for where it leads, InvalidRequest when content would have to be sent a second time.
void follow_redirect(ClientRequest& request, int status, std::string_view location);

}  // namespace torc::http
