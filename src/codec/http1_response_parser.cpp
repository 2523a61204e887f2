#include <torc/codec/http1_parser.hpp>

#include "codec/http1_head_reader.hpp"

namespace torc::codec::http1 {

using detail::Access;
using detail::Step;

void ResponseParser::expect_response_to(std::string_view method) noexcept {
  awaited_ = method == "HEAD"      ? Awaited::kResponseToHead
             : method == "CONNECT" ? Awaited::kResponseToConnect
                                   : Awaited::kResponse;
  interim_seen_ = false;
}

Event ResponseParser::next(std::string_view& input) {
  Step step;
  Error error = Error::kNone;
  if (state_ == State::kStart) {
    trailers_.reset();
    if (input.empty()) {
      if (head_.fields().capacity() != 0) (void)take_head();
      return Event::kNeedMore;
    }
    if (awaited_ == Awaited::kNothing) return fail(Error::kUnsolicitedResponse);
    head_.clear();
    step = detail::read_head(head_, input, *limits_, line_, error);
  } else if (state_ == State::kHead) {
    step = detail::read_more_of_head(head_, input, *limits_, line_, error);
  } else {
    return next_body(input);
  }
  if (step == Step::kFailed) return fail(error);
  if (step == Step::kIncomplete) {
    state_ = State::kHead;
    return Event::kNeedMore;
  }
  return head_complete();
}

// The order of RFC 9112 section 6.3. What a head without content says about length and coding has been checked and is then
// disregarded.
Event ResponseParser::head_complete() noexcept {
  const int status = head_.status();
  if (status < 200 && status != 101) {
    Access::set_framing(head_, Framing::kNone);
    state_ = State::kStart;
    interim_seen_ = true;
    return Event::kInterim;
  }
  const bool no_content = status == 101 || status == 204 || status == 304 || awaited_ == Awaited::kResponseToHead ||
                          (awaited_ == Awaited::kResponseToConnect && status < 300);
  if (no_content) {
    Access::set_framing(head_, Framing::kNone);
  } else if (head_.framing() != Framing::kChunked) {
    Access::set_framing(head_, head_.content_length() ? Framing::kLength : Framing::kUntilClose);
  }
  awaited_ = Awaited::kNothing;
  begin_body(head_);
  return Event::kHead;
}

Event ResponseParser::finish() noexcept {
  switch (state_) {
    case State::kStart:
      if (awaited_ == Awaited::kNothing) return Event::kNeedMore;
      return fail(interim_seen_ ? Error::kTruncated : Error::kNoResponse);
    case State::kEnd:
    case State::kUntilClose: state_ = State::kStart; return Event::kEnd;
    case State::kFailed: return Event::kError;
    default: return fail(Error::kTruncated);
  }
}

void ResponseParser::recycle(ResponseHead&& used) noexcept {
  if (state_ != State::kStart) return;
  head_ = std::move(used);
  head_.clear();
}

}  // namespace torc::codec::http1
