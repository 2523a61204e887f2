// Body: the content of a message, in memory, in a file, or still to come.
//
// Used by requests and responses on both sides. A body of the last kind is pulled: each read asks its
// source for the next piece, so a slow consumer slows the producer and nothing piles up in between.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/bytes.hpp>
#include <torc/base/unique_fd.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace torc::http {

/// Content that comes piece by piece.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// The next piece, at least one byte; none at the end. One call at a time.
  virtual Deferred<std::optional<Bytes>> read_some() = 0;
  /// All there will be, when that is known.
  virtual std::optional<std::uint64_t> length() const { return std::nullopt; }
};

/// A region of an open file.
struct FileRegion {
  UniqueFd file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

class Body {
 public:
  Body() noexcept = default;
  Body(std::string text) : content_(std::move(text)) {}           // NOLINT: text is a body
  Body(FileRegion region) : content_(std::move(region)) {}        // NOLINT: so is a file
  Body(std::unique_ptr<BodySource> source) : content_(std::move(source)) {}  // NOLINT: so is a source
  Body(Body&&) noexcept = default;
  Body& operator=(Body&&) noexcept = default;

  /// Bytes that are left, when known.
  std::optional<std::uint64_t> length() const;
  /// The next piece; none at the end. One call at a time; the body must outlive it.
  Deferred<std::optional<Bytes>> read_some();
  /// All that is left, as text. Fails with BodyTooLarge beyond `limit`.
  Deferred<std::string> text(std::size_t limit = 16 * 1024 * 1024);

  // For those who send it.
  std::string* in_memory() noexcept { return std::get_if<std::string>(&content_); }
  FileRegion* in_file() noexcept { return std::get_if<FileRegion>(&content_); }
  BodySource* source() noexcept;

 private:
  std::variant<std::string, FileRegion, std::unique_ptr<BodySource>> content_;
};

/// Content was larger than whoever collected it allows.
class BodyTooLarge : public Error {
 public:
  using Error::Error;
};

/// The writing end of a body that a coroutine produces: see stream() in response.hpp.
class BodyWriter {
 public:
  /// Hands over a piece; fires when the consumer has taken it. Fails with Cancelled when the body is gone.
  Deferred<void> write(std::string_view piece);

  class Pipe;
  explicit BodyWriter(std::shared_ptr<Pipe*> pipe) noexcept : pipe_(std::move(pipe)) {}

 private:
  std::shared_ptr<Pipe*> pipe_;  // null in there: gone, perhaps by the hand of the coroutine that holds us
};

/// A body produced by `produce(writer)`, which starts when the first piece is wanted. When it fails, so
/// does the reader; dropping the body drops the coroutine.
Body produced_body(std::move_only_function<Deferred<void>(BodyWriter)> produce);

}  // namespace torc::http
