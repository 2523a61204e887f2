// The content of a message, its chunks and its trailers.
//
//   state           | next byte belongs to          | goes to
//   ----------------+-------------------------------+-----------------------------------------------------------
//   kStart          | a start line                  | kEmptyLineLf (requests), kHead, or what begin_body chooses
//   kEmptyLineLf    | the LF of a skipped CRLF      | kAfterEmptyLine, then as kStart but without this leniency
//   kHead           | an unfinished head            | what begin_body chooses
//   kLength         | content, `remaining_` to come | kEnd
//   kUntilClose     | content                       | kEnd by finish() only
//   kChunkSize      | hexadecimal digits            | kExtension..., kChunkLineLf
//   kExtension...   | chunk extensions              | kChunkLineLf
//   kChunkLineLf    | the LF of a size line         | kChunkData, or kTrailerStart for size 0
//   kChunkData      | data, `remaining_` to come    | kChunkDataCr, kChunkDataLf, kChunkSize
//   kTrailerStart   | a trailer line's first byte   | kTrailerLine, kTrailerEndLf
//   kTrailerLine    | a trailer line                | kTrailerStart
//   kTrailerEndLf   | the last LF                   | kEnd
//   kEnd            | nothing: says Event::kEnd     | kStart
//   kFailed         | nothing: says Event::kError   | -
#include <torc/codec/http1_parser.hpp>

#include "codec/http1_framing.hpp"
#include "codec/http1_lines.hpp"

#include <algorithm>

namespace torc::codec::http1 {

using detail::Access;
using detail::Allowance;
using detail::Lines;

namespace {

constexpr std::uint32_t kMaxChunkDigits = 16;

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char letter = detail::lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

}  // namespace

const Fields& MessageParser::trailers() const noexcept {
  static const Fields kNone;
  return trailers_ ? *trailers_ : kNone;
}

Event MessageParser::fail(Error error) noexcept {
  error_ = error;
  state_ = State::kFailed;
  return Event::kError;
}

void MessageParser::begin_body(const Head& head) noexcept {
  body_left_ = limits_->body;
  line_ = 0;
  switch (head.framing()) {
    case Framing::kNone: state_ = State::kEnd; break;
    case Framing::kLength:
      remaining_ = *head.content_length();
      state_ = remaining_ != 0 ? State::kLength : State::kEnd;
      break;
    case Framing::kChunked:
      remaining_ = 0;
      state_ = State::kChunkSize;
      break;
    case Framing::kUntilClose: state_ = State::kUntilClose; break;
  }
}

Event MessageParser::next_body(std::string_view& input) {
  switch (state_) {
    case State::kEnd: state_ = State::kStart; return Event::kEnd;
    case State::kFailed: return Event::kError;
    case State::kLength: return next_length(input);
    case State::kUntilClose: return next_until_close(input);
    default: return next_chunked(input);
  }
}

Event MessageParser::next_length(std::string_view& input) noexcept {
  if (remaining_ > body_left_) return fail(Error::kBodyTooLarge);
  if (input.empty()) return Event::kNeedMore;
  body_ = input.substr(0, std::min<std::uint64_t>(remaining_, input.size()));
  input.remove_prefix(body_.size());
  remaining_ -= body_.size();
  if (remaining_ == 0) state_ = State::kEnd;
  return Event::kBody;
}

Event MessageParser::next_until_close(std::string_view& input) noexcept {
  if (input.empty()) return Event::kNeedMore;
  if (body_left_ == 0) return fail(Error::kBodyTooLarge);
  body_ = input.substr(0, std::min<std::uint64_t>(body_left_, input.size()));
  input.remove_prefix(body_.size());
  if (body_left_ != UINT64_MAX) body_left_ -= body_.size();
  return Event::kBody;
}

Event MessageParser::next_chunked(std::string_view& input) {
  while (true) {
    if (state_ == State::kTrailerStart || state_ == State::kTrailerLine) {
      if (!trailer_bytes(input)) return Event::kError;
    }
    if (state_ == State::kEnd) return next_body(input);
    if (input.empty()) return Event::kNeedMore;
    if (state_ == State::kChunkData) {
      body_ = input.substr(0, std::min<std::uint64_t>(remaining_, input.size()));
      input.remove_prefix(body_.size());
      remaining_ -= body_.size();
      if (remaining_ == 0) state_ = State::kChunkDataCr;
      return Event::kBody;
    }
    const char c = input.front();
    input.remove_prefix(1);
    switch (state_) {
      case State::kChunkDataCr:
        if (c != '\r') return fail(Error::kBadChunkEnd);
        state_ = State::kChunkDataLf;
        break;
      case State::kChunkDataLf:
        if (c != '\n') return fail(Error::kBadChunkEnd);
        state_ = State::kChunkSize;
        break;
      case State::kTrailerEndLf:
        if (c != '\n') return fail(Error::kBadChunkEnd);
        state_ = State::kEnd;
        break;
      default:
        if (!chunk_line_byte(c)) return Event::kError;
    }
  }
}

// One byte of chunk-size [ chunk-ext ] CRLF. `line_` counts them, so among the digits it is also the number of digits.
bool MessageParser::chunk_line_byte(char c) noexcept {
  if (state_ == State::kChunkLineLf) {
    if (c == '\n') return end_chunk_line();
    fail(Error::kBadChunkEnd);
    return false;
  }
  if (c != '\r' && line_ == limits_->chunk_line) {
    fail(Error::kChunkLineTooLong);
    return false;
  }
  if (state_ == State::kChunkSize) {
    const int digit = hex_value(c);
    if (digit >= 0 && line_ < kMaxChunkDigits) {
      remaining_ = remaining_ << 4 | static_cast<unsigned>(digit);
      ++line_;
      return true;
    }
    if (line_ == 0 || digit >= 0 || (c != '\r' && c != ';' && c != ' ' && c != '\t')) {
      fail(Error::kBadChunkSize);
      return false;
    }
    state_ = State::kExtension;
  }
  ++line_;
  state_ = after_extension_byte(state_, c);
  if (state_ == State::kFailed) fail(Error::kBadChunkExtension);
  return state_ != State::kFailed;
}

// chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), RFC 9112 section 7.1.1. kExtension stands for
// "something is complete": the size, or a quoted value.
MessageParser::State MessageParser::after_extension_byte(State state, char c) noexcept {
  const bool space = c == ' ' || c == '\t';
  const bool token = detail::is(detail::kTokenByte, c);
  switch (state) {
    case State::kExtensionNameStart: return space ? state : token ? State::kExtensionName : State::kFailed;
    case State::kExtensionName:
      if (token) return state;
      if (c == '=') return State::kExtensionValueStart;
      if (space) return State::kExtensionAfterName;
      break;
    case State::kExtensionAfterName:
      if (space) return state;
      if (c == '=') return State::kExtensionValueStart;
      return c == ';' ? State::kExtensionNameStart : State::kFailed;
    case State::kExtensionValueStart:
      if (space) return state;
      if (c == '"') return State::kExtensionQuoted;
      return token ? State::kExtensionValue : State::kFailed;
    case State::kExtensionValue:
      if (token) return state;
      break;
    case State::kExtensionQuoted:
      if (c == '"') return State::kExtension;
      if (c == '\\') return State::kExtensionEscaped;
      return detail::is(detail::kQuotedByte, c) ? state : State::kFailed;
    case State::kExtensionEscaped: return detail::is(detail::kValueByte, c) ? State::kExtensionQuoted : State::kFailed;
    case State::kExtensionGap:  // white space that only a further extension justifies
      if (space) return state;
      return c == ';' ? State::kExtensionNameStart : State::kFailed;
    default: break;
  }
  if (c == ';') return State::kExtensionNameStart;
  if (c == '\r') return State::kChunkLineLf;
  return space ? State::kExtensionGap : State::kFailed;
}

bool MessageParser::end_chunk_line() noexcept {
  line_ = 0;
  if (remaining_ == 0) {
    state_ = State::kTrailerStart;
    return true;
  }
  if (remaining_ > body_left_) {
    fail(Error::kBodyTooLarge);
    return false;
  }
  if (body_left_ != UINT64_MAX) body_left_ -= remaining_;
  state_ = State::kChunkData;
  return true;
}

// Collects trailer lines in the block of `trailers_`, each judged when its LF is there; false after fail().
bool MessageParser::trailer_bytes(std::string_view& input) {
  while (!input.empty()) {
    if (state_ == State::kTrailerStart) {
      if (input.front() == '\r') {
        if (limits_->trailer_bytes < line_ + 2u) return fail(Error::kTrailersTooLarge), false;
        input.remove_prefix(1);
        state_ = State::kTrailerEndLf;
        return true;
      }
      if (!trailers_) trailers_ = std::make_unique<Fields>();
      state_ = State::kTrailerLine;
    }
    std::string& block = Access::bytes(*trailers_);
    std::vector<Access::Entry>& entries = Access::entries(*trailers_);
    const Allowance allowed = detail::allowance(limits_->header_line, Error::kFieldLineTooLong, limits_->trailer_bytes,
                                                Error::kTrailersTooLarge, line_);
    const std::string_view room = input.substr(0, allowed.bytes - (block.size() - line_));
    const std::size_t lf = room.find('\n');
    const std::string_view piece = room.substr(0, lf == std::string_view::npos ? lf : lf + 1);
    block.append(piece);
    input.remove_prefix(piece.size());
    if (lf == std::string_view::npos) {
      if (block.size() - line_ == allowed.bytes) return fail(allowed.error), false;
      continue;
    }
    if (entries.size() == limits_->header_count) return fail(Error::kTooManyFields), false;
    const Lines lines{block.data(), block.data() + line_, block.data() + block.size()};
    Access::Entry entry;
    Error error = Error::kNone;
    if (detail::read_field_line(lines, entry, error) == nullptr) return fail(error), false;
    if (detail::forbidden_in_trailers({block.data() + entry.name, entry.name_size}))
      return fail(Error::kForbiddenTrailer), false;
    entries.push_back(entry);
    line_ = static_cast<std::uint32_t>(block.size());
    state_ = State::kTrailerStart;
  }
  return true;
}

}  // namespace torc::codec::http1
