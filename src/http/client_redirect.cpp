// Redirects: RFC 9110 §15.4.
#include "http/client_request.hpp"

#include <torc/http/status.hpp>

namespace torc::http {

namespace {

// True when the response is to be fetched rather than the request repeated.
bool asks_to_get(std::string_view method, int status) noexcept {
  const bool moved = status == status::kMovedPermanently || status == status::kFound;
  return status == status::kSeeOther || (moved && method == "POST");
}

}  // namespace

void follow_redirect(ClientRequest& request, int status, std::string_view location) {
  const auto parsed = request.url.resolve(location);
  if (!parsed) throw BadUrl("redirected to a URL that cannot be used: " + parsed.error());
  if (parsed->is_secure()) throw BadUrl("redirected to " + parsed->str() + ": https is not supported yet");
  Url url = *parsed;
  if (asks_to_get(request.method, status)) {
    if (request.method != "HEAD") request.method = "GET";
    request.body = {};
    for (const char* name : {"Content-Type", "Content-Encoding", "Content-Language", "Content-Location"}) {
      request.headers.remove(name);
    }
  } else if (request.body.source()) {
    throw InvalidRequest("redirected to " + url.str() +
                         ", but the content comes from a source that cannot be sent again");
  }
  if (!url.same_origin(request.url)) {
    // Whoever answers there was not meant to see these.
    for (const char* name : {"Authorization", "Cookie", "Proxy-Authorization"}) request.headers.remove(name);
  }
  request.url = std::move(url);
}

}  // namespace torc::http
