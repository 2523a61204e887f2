/// Reads HTTP/1.0 and HTTP/1.1 messages (RFC 9112) from bytes that arrive in any pieces.
///
/// RequestParser is the server's half, ResponseParser the client's. Both are pure: they own no socket and no clock, call
/// nobody back, and have no thread of their own. They are pulled:
///
///     while (true) switch (parser.next(input)) {                    // takes bytes from the front of `input`
///       case Event::kNeedMore: return;                              // all of `input` is taken: come back with more
///       case Event::kHead:     request = parser.take_head(); break;
///       case Event::kBody:     content += parser.body(); break;     // a view into `input`
///       case Event::kEnd:      answer(request); break;              // the next call begins the next message
///       case Event::kError:    refuse(status_for(parser.error())); return;
///     }
///
/// A head that lies in one input is parsed in place and copied once. A head that arrives in pieces is collected, within the
/// limits, and every byte is looked at a bounded number of times. Between messages a parser holds no memory.
///
/// The verdict on a stream of bytes does not depend on how it was cut into inputs. The parsers are stricter than RFC 9112
/// demands: only CRLF ends a line, obsolete folding is refused, Content-Length never comes twice or as a list and never with
/// Transfer-Encoding, and the only transfer coding is one `chunked`. Two kindnesses remain: one empty line before a request
/// line is skipped (section 2.2), and a status line may end after its three digits.
#pragma once

#include <torc/codec/http1_error.hpp>
#include <torc/codec/http1_fields.hpp>
#include <torc/codec/http1_head.hpp>
#include <torc/codec/http1_limits.hpp>

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace torc::codec::http1 {

enum class Event : std::uint8_t {
  kNeedMore,  ///< the input is used up and completes nothing
  kHead,  ///< `head()` and `take_head()` have the head
  kInterim,  ///< ResponseParser only: a 1xx head other than 101; the response proper is still to come
  kBody,  ///< `body()` has some content, at least one byte
  kEnd,  ///< the message is complete and `trailers()` are known
  kError,  ///< `error()` says why; every further call says the same
};

/// The part that RequestParser and ResponseParser share: content, chunks and trailers.
class MessageParser {
 public:
  /// kNone until an Event::kError.
  [[nodiscard]] Error error() const noexcept { return error_; }

  /// After Event::kBody: content with the transfer coding removed, a view into the input given to that call.
  [[nodiscard]] std::string_view body() const noexcept { return body_; }

  /// After Event::kEnd and until the following call: the trailer fields of a chunked message, else empty.
  [[nodiscard]] const Fields& trailers() const noexcept;

  /// Replaces `Limits::body` for the current message; to be called between kHead and the following call. A Content-Length
  /// above the limit fails in that following call, before any content and before the caller says "100 Continue".
  void set_body_limit(std::uint64_t bytes) noexcept { body_left_ = bytes; }

 protected:
  /// Where the next byte belongs. The transitions are drawn in http1_message_parser.cpp.
  enum class State : std::uint8_t {
    kStart,
    kEmptyLineLf,
    kAfterEmptyLine,
    kHead,
    kLength,
    kUntilClose,
    kChunkSize,
    kExtension,
    kExtensionNameStart,
    kExtensionName,
    kExtensionAfterName,
    kExtensionValueStart,
    kExtensionValue,
    kExtensionQuoted,
    kExtensionEscaped,
    kExtensionGap,
    kChunkLineLf,
    kChunkData,
    kChunkDataCr,
    kChunkDataLf,
    kTrailerStart,
    kTrailerLine,
    kTrailerEndLf,
    kEnd,
    kFailed,
  };

  explicit MessageParser(const Limits& limits) noexcept : limits_(&limits) {}
  MessageParser(MessageParser&&) noexcept = default;
  MessageParser& operator=(MessageParser&&) noexcept = default;
  ~MessageParser() = default;

  Event fail(Error error) noexcept;
  void begin_body(const Head& head) noexcept;
  Event next_body(std::string_view& input);
  Event next_length(std::string_view& input) noexcept;
  Event next_until_close(std::string_view& input) noexcept;
  Event next_chunked(std::string_view& input);
  bool chunk_line_byte(char c) noexcept;
  static State after_extension_byte(State state, char c) noexcept;
  bool end_chunk_line() noexcept;
  bool trailer_bytes(std::string_view& input);

  const Limits* limits_;
  std::string_view body_;
  std::uint64_t remaining_ = 0;  ///< of the Content-Length or of the chunk
  std::uint64_t body_left_ = 0;  ///< what the body limit still allows; a Content-Length is compared, not counted
  std::unique_ptr<Fields> trailers_;
  std::uint32_t line_ = 0;  ///< head, trailers: where the unfinished line begins; chunk line: bytes read of it
  State state_ = State::kStart;
  Error error_ = Error::kNone;
};

/// Reads requests, one after the other (pipelining), from one connection.
class RequestParser : public MessageParser {
 public:
  /// `limits` are the caller's and outlive the parser.
  explicit RequestParser(const Limits& limits = kDefaultLimits) noexcept : MessageParser(limits) {}
  explicit RequestParser(const Limits&&) = delete;

  /// Takes bytes from the front of `input` up to the next event. Call it until it says kNeedMore or kError; kEnd and an
  /// error can come without any further input. After the kEnd of a request that is not `keep_alive()`, and once a CONNECT
  /// or an upgrade is accepted, what follows is no request and must not be given to the parser.
  [[nodiscard]] Event next(std::string_view& input);

  /// The connection has ended. kNeedMore: between messages, as it should be. kError: kTruncated. kEnd: a complete message
  /// whose kEnd had not been fetched.
  [[nodiscard]] Event finish() noexcept;

  /// After kHead: the head, until it is taken or `next` is called for the following message.
  [[nodiscard]] const RequestHead& head() const noexcept { return head_; }

  /// Moves the head out; `head()` is empty afterwards. Reading the content goes on as before.
  [[nodiscard]] RequestHead take_head() noexcept { return std::exchange(head_, RequestHead{}); }

  /// Lends the memory of a used head to the next message. Does nothing inside a message.
  void recycle(RequestHead&& used) noexcept;

 private:
  RequestHead head_;
};

/// Reads the responses of one connection, each announced by the request it answers.
class ResponseParser : public MessageParser {
 public:
  /// `limits` are the caller's and outlive the parser; `request_line` limits the status line.
  explicit ResponseParser(const Limits& limits = kDefaultLimits) noexcept : MessageParser(limits) {}
  explicit ResponseParser(const Limits&&) = delete;

  /// Announces the request whose response comes next: the response to HEAD has no content, a 2xx to CONNECT ends with its
  /// head (RFC 9112 section 6.3). Needed before each response, once the previous one has ended: bytes that come while none
  /// is awaited are kUnsolicitedResponse, so that a server cannot plant an answer for a later request.
  void expect_response_to(std::string_view method) noexcept;

  /// Takes bytes from the front of `input` up to the next event. After the kEnd of a 101, or of a 2xx to CONNECT, what
  /// follows belongs to another protocol.
  [[nodiscard]] Event next(std::string_view& input);

  /// The connection has ended. kEnd: so does the content of a Framing::kUntilClose response. kNeedMore: no response was
  /// awaited. kError: kTruncated, or kNoResponse if not one byte of the awaited response had come.
  [[nodiscard]] Event finish() noexcept;

  /// After kHead and kInterim: the head, until it is taken or `next` is called for the following one.
  [[nodiscard]] const ResponseHead& head() const noexcept { return head_; }

  /// Moves the head out; `head()` is empty afterwards. Reading the content goes on as before.
  [[nodiscard]] ResponseHead take_head() noexcept { return std::exchange(head_, ResponseHead{}); }

  /// Lends the memory of a used head to the next message. Does nothing inside a message.
  void recycle(ResponseHead&& used) noexcept;

 private:
  enum class Awaited : std::uint8_t { kNothing, kResponse, kResponseToHead, kResponseToConnect };

  Event head_complete() noexcept;

  Awaited awaited_ = Awaited::kNothing;
  bool interim_seen_ = false;
  ResponseHead head_;
};

}  // namespace torc::codec::http1
