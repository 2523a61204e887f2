#include <torc/codec/lines.hpp>

#include <torc/base/errors.hpp>

#include <algorithm>
#include <utility>

namespace torc::codec {

namespace {

constexpr auto kNone = std::string_view::npos;

std::string_view last(std::string_view text, std::size_t count) { return text.substr(text.size() - std::min(text.size(), count)); }

}  // namespace

bool LineFormat::can_carry(std::string_view line) const noexcept {
  if (delimiter.find_first_of("\r\n") != kNone && line.find_first_of("\r\n") != kNone) return false;
  if (line.find(delimiter) != kNone) return false;
  // Nor may one begin in the line and end in the delimiter that follows.
  for (std::size_t shift = 1; shift < delimiter.size(); ++shift) {
    const auto rest = std::string_view(delimiter).substr(shift);
    if (line.ends_with(std::string_view(delimiter).substr(0, shift)) && delimiter.starts_with(rest)) return false;
  }
  return true;
}

LineReader::LineReader(LineFormat format) : format_(std::move(format)) {
  if (format_.delimiter.empty()) detail::misuse("a LineReader needs a delimiter of at least one byte");
}

Framed LineReader::next(std::string_view& input) {
  if (std::exchange(spent_, false)) std::string().swap(kept_);
  if (raw_ > 0) {
    if (input.empty()) return Framed::kNeedMore;
    frame_ = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(raw_, input.size())));
    input.remove_prefix(frame_.size());
    if (raw_ != kUntilTold) raw_ -= frame_.size();
    return Framed::kRaw;
  }
  if (skipping_ && !skip_line(input)) return Framed::kNeedMore;
  if (take_line(input)) {
    if (format_.trim_cr && frame_.ends_with('\r')) frame_.remove_suffix(1);
    return Framed::kFrame;
  }
  if (kept_.size() < format_.max_length + format_.delimiter.size()) return Framed::kNeedMore;
  skipping_ = true;
  kept_ = std::string(last(kept_, format_.delimiter.size() - 1));
  return Framed::kTooLong;
}

// How much of `input`, which follows what is kept, goes up to the end of the first delimiter that ends in it.
std::size_t LineReader::end_of_line(std::string_view input) const {
  const std::string& delimiter = format_.delimiter;
  if (!kept_.empty() && delimiter.size() > 1) {
    const std::string_view before = last(kept_, delimiter.size() - 1);
    const std::size_t at = (std::string(before) += input.substr(0, delimiter.size() - 1)).find(delimiter);
    if (at != kNone) return at + delimiter.size() - before.size();
  }
  const std::size_t at = input.find(delimiter);
  return at == kNone ? kNone : at + delimiter.size();
}

// Takes a line with its delimiter, or keeps as much as belongs to it and may be held.
bool LineReader::take_line(std::string_view& input) {
  const std::size_t delimiter = format_.delimiter.size();
  const std::string_view window = input.substr(0, format_.max_length + delimiter - kept_.size());
  const std::size_t end = end_of_line(window);
  if (end == kNone) {
    kept_ += window;
    input.remove_prefix(window.size());
    return false;
  }
  if (kept_.empty()) {
    frame_ = input.substr(0, end - delimiter);
  } else {
    kept_ += input.substr(0, end);
    kept_.resize(kept_.size() - delimiter);
    frame_ = kept_;
    spent_ = true;
  }
  input.remove_prefix(end);
  return true;
}

// Passes over the rest of a line. Only what may be the beginning of its delimiter is kept.
bool LineReader::skip_line(std::string_view& input) {
  const std::size_t end = end_of_line(input);
  if (end == kNone) {
    kept_ += last(input, format_.delimiter.size() - 1);
    kept_ = std::string(last(kept_, format_.delimiter.size() - 1));
    input = {};
    return false;
  }
  input.remove_prefix(end);
  kept_.clear();
  skipping_ = false;
  return true;
}

}  // namespace torc::codec
