#include <torc/codec/http1_parser.hpp>

#include "codec/http1_head_reader.hpp"

namespace torc::codec::http1 {

using detail::Step;

Event RequestParser::next(std::string_view& input) {
  Step step;
  Error error = Error::kNone;
  switch (state_) {
    case State::kStart:
    case State::kAfterEmptyLine:
      trailers_.reset();
      if (input.empty()) {
        if (head_.fields().capacity() != 0) (void)take_head();
        return Event::kNeedMore;
      }
      if (input.front() == '\r' && state_ == State::kStart) {
        input.remove_prefix(1);
        state_ = State::kEmptyLineLf;
        return next(input);
      }
      head_.clear();
      step = detail::read_head(head_, input, *limits_, line_, error);
      break;
    case State::kEmptyLineLf:
      if (input.empty()) return Event::kNeedMore;
      if (input.front() != '\n') return fail(Error::kBadMethod);
      input.remove_prefix(1);
      state_ = State::kAfterEmptyLine;
      return next(input);
    case State::kHead: step = detail::read_more_of_head(head_, input, *limits_, line_, error); break;
    default: return next_body(input);
  }
  if (step == Step::kFailed) return fail(error);
  if (step == Step::kIncomplete) {
    state_ = State::kHead;
    return Event::kNeedMore;
  }
  begin_body(head_);
  return Event::kHead;
}

Event RequestParser::finish() noexcept {
  switch (state_) {
    case State::kStart:
    case State::kAfterEmptyLine: return Event::kNeedMore;
    case State::kEnd: state_ = State::kStart; return Event::kEnd;
    case State::kFailed: return Event::kError;
    default: return fail(Error::kTruncated);
  }
}

void RequestParser::recycle(RequestHead&& used) noexcept {
  if (state_ != State::kStart) return;
  head_ = std::move(used);
  head_.clear();
}

}  // namespace torc::codec::http1
