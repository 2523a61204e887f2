#include "base/failure_report.hpp"

#include "base/function_name.hpp"

#include <torc/base/traceback.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>

namespace torc::detail {

namespace {

constexpr std::size_t kCalls = 24;  // the innermost ones; Failure::traceback() has the others

std::string place(const std::source_location& where) {
  return fmt::format("{} ({}:{})", plain_name(where.function_name()), where.file_name(), where.line());
}

}  // namespace

void WaitChain::add(Wait wait) {
  if (count_ < kFirst + kLast) {
    kept_.push_back(wait);
  } else {
    kept_[kFirst + (count_ - kFirst) % kLast] = wait;
  }
  ++count_;
}

void WaitChain::append(std::string& text) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (i == kFirst && count_ > kFirst + kLast) {
      const std::size_t left_out = count_ - kFirst - kLast;
      fmt::format_to(std::back_inserter(text), "\n  ({} more that waited)", left_out);
      i += left_out;
    }
    const Wait& wait = kept_[i < kFirst ? i : kFirst + (i - kFirst) % kLast];
    fmt::format_to(std::back_inserter(text), "\n  {} in {}", wait.how, place(wait.where));
  }
}

void append_origin(std::string& text, const Traceback& traceback, const std::source_location& origin) {
  if (!traceback) {
    if (origin.line() != 0) text += "\n  at " + place(origin);
    return;
  }
  auto frames = traceback.frames();
  if (!std::ranges::all_of(frames, &Frame::machinery)) std::erase_if(frames, &Frame::machinery);
  for (std::size_t i = 0; i < std::min(frames.size(), kCalls); ++i) {
    text += (i == 0 ? "\n  thrown in " : "\n    called by ") + frames[i].text();
  }
  if (frames.size() > kCalls) fmt::format_to(std::back_inserter(text), "\n    ({} more calls)", frames.size() - kCalls);
}

}  // namespace torc::detail
