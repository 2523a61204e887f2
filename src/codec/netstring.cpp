#include <torc/codec/netstring.hpp>

namespace torc::codec {

// States: start ─digit 1-9─▶ length ─digit─▶ length     start ─0─▶ zero
//         length, zero ─':'─▶ content ─','─▶ start      anything else ─▶ broken
Framed NetstringReader::next(std::string_view& input) {
  if (state_ == State::kStart) {
    length_ = 0;
    collector_.expect(0);  // lets go of the last string
  }
  if (state_ != State::kContent && state_ != State::kBroken && !read_length(input)) return Framed::kNeedMore;
  if (state_ == State::kContent) {
    if (!collector_.take(input)) return Framed::kNeedMore;
    state_ = collector_.bytes().back() == ',' ? State::kStart : State::kBroken;
  }
  return state_ == State::kBroken ? broken_ : Framed::kFrame;
}

// False when more of it is needed.
bool NetstringReader::read_length(std::string_view& input) noexcept {
  while (!input.empty()) {
    const char c = input.front();
    if (c == ':' && state_ != State::kStart) {
      input.remove_prefix(1);
      state_ = State::kContent;
      collector_.expect(length_ + 1);
      return true;
    }
    if (c < '0' || c > '9' || state_ == State::kZero) {
      state_ = State::kBroken;
      return true;
    }
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length_ > limit_ / 10 || digit > limit_ - length_ * 10) {  // without overflow: length * 10 + digit > limit
      state_ = State::kBroken;
      broken_ = Framed::kTooLong;
      return true;
    }
    length_ = length_ * 10 + digit;
    state_ = state_ == State::kStart && digit == 0 ? State::kZero : State::kLength;
    input.remove_prefix(1);
  }
  return false;
}

std::string netstring_prefix(std::uint64_t length) { return std::to_string(length) + ':'; }

}  // namespace torc::codec
