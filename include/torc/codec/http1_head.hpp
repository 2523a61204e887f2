/// The head of an HTTP/1 message: start line and fields, with what they say about framing and connection worked out.
///
/// Made by RequestParser and ResponseParser, read by servers and clients. A head owns its bytes in one block, so it can be
/// moved cheaply and outlives the input it was read from; views it hands out live until it is moved, cleared or destroyed.
/// Give a used head back with `RequestParser::recycle` and the next message needs no allocation.
#pragma once

#include <torc/codec/http1_fields.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace torc::codec::http1 {

/// How the end of the content is found (RFC 9112 section 6.3).
enum class Framing : std::uint8_t {
  kNone,  ///< no content
  kLength,  ///< exactly `content_length()` bytes
  kChunked,  ///< chunked transfer coding
  kUntilClose,  ///< responses only: the end of the connection is the end of the content
};

/// What the heads of requests and responses share.
class Head {
 public:
  [[nodiscard]] const Fields& fields() const noexcept { return fields_; }

  /// Shorthands of `fields()`: letter case ignored.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept {
    return fields_.find(name);
  }
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const { return fields_.all(name); }

  /// 0 or 1, of HTTP/1.0 or HTTP/1.1.
  [[nodiscard]] int minor_version() const noexcept { return minor_; }

  [[nodiscard]] Framing framing() const noexcept { return static_cast<Framing>(framing_); }

  /// The Content-Length as sent. A response to HEAD and a 304 can have one and yet no content.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept {
    return has_length_ ? std::optional(content_length_) : std::nullopt;
  }

  /// May the connection carry another message after this one (RFC 9112 section 9.3): HTTP/1.1 without `Connection: close`,
  /// or HTTP/1.0 with `Connection: keep-alive`; never after content that ends with the connection.
  [[nodiscard]] bool keep_alive() const noexcept {
    return !close_ && (minor_ == 1 || persist_) && framing() != Framing::kUntilClose;
  }

  /// HTTP/1.1, `Connection: upgrade` and an Upgrade field; its value names the protocols (RFC 9110 section 7.8).
  [[nodiscard]] bool upgrade() const noexcept { return upgrade_; }

 protected:
  friend struct detail::Access;

  void clear_head() noexcept;

  Fields fields_;  ///< its block begins with the start line
  std::uint64_t content_length_ = 0;
  std::uint8_t minor_ : 1 = 0;
  std::uint8_t framing_ : 2 = 0;
  std::uint8_t has_length_ : 1 = 0;
  std::uint8_t close_ : 1 = 0;
  std::uint8_t persist_ : 1 = 0;
  std::uint8_t upgrade_ : 1 = 0;
  std::uint8_t expect_continue_ : 1 = 0;
};

/// The head of a request (RFC 9112 section 3).
class RequestHead : public Head {
 public:
  /// Case matters: "GET" is a method, "get" is another one.
  [[nodiscard]] std::string_view method() const noexcept;

  /// The request target exactly as sent, in one of the four forms of section 3.2.
  [[nodiscard]] std::string_view target() const noexcept;

  /// The target's path without the query, not decoded: begins with '/', or is "*" for `OPTIONS *`, or empty for CONNECT.
  [[nodiscard]] std::string_view path() const noexcept;

  /// What follows the first '?' of the target, not decoded; empty if there is none.
  [[nodiscard]] std::string_view query() const noexcept;

  /// The host and port the request is for: the authority of an absolute-form or authority-form target, which overrides the
  /// Host field (section 3.2.2), else the Host field. Empty if the Host field is empty or, in HTTP/1.0, missing.
  [[nodiscard]] std::string_view host() const noexcept;

  /// The client waits for "100 Continue" before it sends content (RFC 9110 section 10.1.1); never for HTTP/1.0.
  [[nodiscard]] bool expect_continue() const noexcept { return expect_continue_; }

  /// Back to an empty head that keeps its memory.
  void clear() noexcept;

 private:
  friend struct detail::Access;

  std::uint8_t method_size_ = 0;
  std::uint16_t host_field_ = 0;  ///< index + 1; 0 while there is no Host field
  std::uint32_t target_size_ = 0;
};

/// The head of a response (RFC 9112 section 4).
class ResponseHead : public Head {
 public:
  /// 100..599.
  [[nodiscard]] int status() const noexcept { return status_; }

  /// Often empty, never to be relied upon.
  [[nodiscard]] std::string_view reason() const noexcept;

  /// Back to an empty head that keeps its memory.
  void clear() noexcept;

 private:
  friend struct detail::Access;

  std::uint16_t status_ = 0;
  std::uint32_t reason_size_ = 0;
};

}  // namespace torc::codec::http1
