#include "http/client_request.hpp"

#include "base/escape.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/base/version.hpp>
#include <torc/codec/http1_writer.hpp>

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace torc::http {

namespace {

namespace wire = codec::http1;
using torc::detail::in_quotes;

// Content up to this size leaves in one write with the head.
constexpr std::size_t kTogether = std::size_t{16} * 1024;
// Longer text is written piece by piece, so that little of it is ever copied to a queue.
constexpr std::size_t kPiece = std::size_t{256} * 1024;

// Fields that decide where a message goes or ends.
constexpr std::array kOurs = {"Host", "Content-Length", "Transfer-Encoding", "Connection"};

// Methods for which having no content is worth saying (RFC 9110 §8.6).
bool expects_content(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

Deferred<bool> send_text(Stream& stream, const std::string& head, std::string_view text) {
  if (text.size() <= kTogether) {
    auto written = co_await as_outcome(stream.write(head + std::string(text)));
    co_return written.has_value();
  }
  if (auto written = co_await as_outcome(stream.write(head)); !written) co_return false;
  while (!text.empty()) {
    const auto piece = text.substr(0, kPiece);
    if (auto written = co_await as_outcome(stream.write(piece)); !written) co_return false;
    text.remove_prefix(piece.size());
  }
  co_return true;
}

Deferred<bool> send_file(Stream& stream, const std::string& head, const FileRegion& region) {
  // A copy of the descriptor, so that the region can be sent again after a redirect.
  UniqueFd file(::fcntl(region.file.get(), F_DUPFD_CLOEXEC, 0));
  if (!file) throw SystemError("opening the file to send once more", errno);
  if (auto written = co_await as_outcome(stream.write(head)); !written) co_return false;
  auto written = co_await as_outcome(stream.send_file(std::move(file), region.offset, region.length));
  co_return written.has_value();
}

Deferred<bool> send_source(Stream& stream, const std::string& head, BodySource& source) {
  const auto announced = source.length();
  const auto wrong = [&](const char* what, std::uint64_t bytes) {
    return Failure(InvalidRequest(std::string("the content ") + what + " after " + std::to_string(bytes) + " of the " +
                                  std::to_string(*announced) + " bytes its source had announced"));
  };
  if (auto written = co_await as_outcome(stream.write(head)); !written) co_return false;
  std::uint64_t sent = 0;
  std::string chunk;
  // What was announced is all: the server may have answered before the source says that it has ended.
  while (!announced || sent < *announced) {
    auto piece = co_await source.read_some();
    if (!piece && announced) co_return wrong("ended", sent);
    std::string_view bytes = piece ? piece->view() : std::string_view();
    if (announced && bytes.size() > *announced - sent) co_return wrong("went on", *announced);
    sent += bytes.size();
    if (!announced) {
      chunk.clear();
      if (!piece) {
        static_cast<void>(wire::write_last_chunk(chunk));
      } else if (wire::write_chunk_header(chunk, bytes.size())) {
        chunk += bytes;
        wire::write_chunk_end(chunk);
      }
      bytes = chunk;
    }
    if (auto written = co_await as_outcome(stream.write(bytes)); !written) co_return false;
    if (!piece) break;
  }
  co_return true;
}

}  // namespace

bool ClientRequest::has_content() noexcept {
  const auto* text = body.in_memory();
  return !text || !text->empty();
}

bool ClientRequest::idempotent() const noexcept {
  constexpr std::array kIdempotent = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
  return std::ranges::find(kIdempotent, method) != kIdempotent.end();
}

Url checked_url(std::string_view text) {
  auto url = Url::parse(text);
  if (!url) throw BadUrl(url.error());
  if (url->is_secure()) throw BadUrl("URL " + in_quotes(text) + ": https is not supported yet");
  return *std::move(url);
}

std::string request_head(ClientRequest& request) {
  if (request.method == "CONNECT")
    throw InvalidRequest("CONNECT asks for a tunnel, which an HTTP client does not give");
  for (const char* name : kOurs) {
    if (!request.headers.contains(name)) continue;
    throw InvalidRequest(std::string("the header field ") + name + " is set by the client: leave it out");
  }
  const std::string host = request.url.authority();
  std::string length;
  std::vector<wire::Field> fields{{"Host", host}};
  if (!request.headers.contains("User-Agent")) fields.push_back({"User-Agent", "torc/" TORC_VERSION_STRING});
  if (!request.headers.contains("Accept")) fields.push_back({"Accept", "*/*"});
  for (const auto& field : request.headers) fields.push_back({field.name, field.value});
  if (request.has_content() || expects_content(request.method)) {
    if (const auto bytes = request.body.length()) {
      length = std::to_string(*bytes);
      fields.push_back({"Content-Length", length});
    } else {
      fields.push_back({"Transfer-Encoding", "chunked"});
    }
  }
  std::string head;
  const auto error = wire::write_request_head(head, request.method, request.url.path_and_query(), fields);
  if (error == wire::Error::kNone) return head;
  const bool about_method = error == wire::Error::kBadMethod || error == wire::Error::kMethodTooLong;
  throw InvalidRequest((about_method ? "method " + in_quotes(request.method) + ": " : "") +
                       std::string(wire::describe(error)));
}

Deferred<bool> send_request(Stream& stream, const std::string& head, ClientRequest& request) {
  if (const auto* text = request.body.in_memory()) return send_text(stream, head, *text);
  if (const auto* region = request.body.in_file()) return send_file(stream, head, *region);
  return send_source(stream, head, *request.body.source());
}

}  // namespace torc::http
