// Response: what a handler gives, and what a client gets.
//
//   return torc::http::text("Hello");
//   return torc::http::Response(404);
//   auto page = co_await torc::http::get(url);  page.status();  co_await page.text();
#pragma once

#include <torc/base/errors.hpp>
#include <torc/http/body.hpp>
#include <torc/http/headers.hpp>
#include <torc/http/status.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace torc::http {

class Response {
 public:
  /// An empty response.
  explicit Response(int status = status::kOk) noexcept : status_(status) {}
  /// With content. The length is known from the body, or it is sent chunked.
  Response(int status, std::string_view content_type, Body body);

  int status() const noexcept { return status_; }
  bool ok() const noexcept { return status_ >= 200 && status_ < 300; }
  Headers& headers() { return store_type(), headers_; }
  const Headers& headers() const { return store_type(), headers_; }
  Body& body() noexcept { return body_; }
  /// The content as text, up to a limit. The response must outlive it.
  Deferred<std::string> text(std::size_t limit = 16 * 1024 * 1024) { return body_.text(limit); }

  /// On a client: where it came from, after redirects.
  const std::string& url() const noexcept { return url_; }
  void set_url(std::string url) { url_ = std::move(url); }

 private:
  friend class Exchange;
  friend Response text(std::string content);
  friend Response html(std::string content);
  friend Response json(std::string content);
  Response(const char* type, std::string content) noexcept : status_(status::kOk), type_(type), body_(std::move(content)) {}
  void store_type() const;

  int status_;
  // The Content-Type of text() and its kind: becomes a field when somebody looks, which most never do.
  mutable const char* type_ = nullptr;
  mutable Headers headers_;
  Body body_;
  std::string url_;
};

/// 200 with text/plain in UTF-8.
Response text(std::string content);
/// 200 with text/html in UTF-8.
Response html(std::string content);
/// 200 with JSON that is already written.
Response json(std::string content);
/// 200 with content that `produce(writer)` writes piece by piece, each awaited:
///   return http::stream("text/plain", [](http::BodyWriter out) -> Deferred<void> { co_await out.write("a"); });
Response stream(std::string_view content_type, std::move_only_function<Deferred<void>(BodyWriter)> produce);
/// A redirect to `location`, which must be a valid field value.
Response redirect(std::string_view location, int status = status::kFound);
/// A small page that says what the status means; what the server answers errors with.
Response error_page(int status);

/// Thrown in a handler: the request ends with this status and its error_page(). The message is for the
/// log, at debug level (TORC_LOG=debug), not for the client.
class StatusError : public torc::Error {
 public:
  StatusError(int status, const std::string& message) : Error(message), status_(status) {}
  int status() const noexcept { return status_; }

 private:
  int status_;
};

}  // namespace torc::http
