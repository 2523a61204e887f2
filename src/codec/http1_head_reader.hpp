/// Brings the bytes of a head together and has its lines taken: the way from an input to a complete head.
///
/// Used by RequestParser and ResponseParser. A head that lies whole in one input is read in place and copied once, at its
/// end. Otherwise the block of the head collects it, one line after the other, never beyond what the limits allow.
#pragma once

#include "codec/http1_head_lines.hpp"

namespace torc::codec::http1::detail {

/// The first bytes of a head: `head` is clear. Takes the head, or if it is not complete all of `input`, which `head` then
/// keeps; `line` says where its unfinished line begins.
template <class AnyHead>
[[nodiscard]] Step read_head(AnyHead& head, std::string_view& input, const Limits& limits, std::uint32_t& line,
                             Error& error) {
  Lines lines{input.data(), input.data(), input.data() + input.size()};
  const Step step = take_head_lines(lines, limits, head);
  error = lines.error;
  if (step == Step::kFailed) return step;
  const std::size_t taken = step == Step::kComplete ? lines.offset() : input.size();
  Access::bytes(Access::fields(head)).assign(input.substr(0, taken));
  line = static_cast<std::uint32_t>(lines.offset());
  input.remove_prefix(taken);
  return step;
}

/// More bytes of a head that read_head found incomplete.
template <class AnyHead>
[[nodiscard]] Step read_more_of_head(AnyHead& head, std::string_view& input, const Limits& limits, std::uint32_t& line,
                                     Error& error) {
  std::string& block = Access::bytes(Access::fields(head));
  while (!input.empty()) {
    const Allowance allowed = head_line_allowance(limits, line);
    const std::string_view room = input.substr(0, allowed.bytes - (block.size() - line));
    const std::size_t lf = room.find('\n');
    const std::string_view piece = room.substr(0, lf == std::string_view::npos ? lf : lf + 1);
    block.append(piece);
    input.remove_prefix(piece.size());
    if (std::is_same_v<AnyHead, RequestHead> && line == 0) {
      if (error = check_method_prefix(block); error != Error::kNone) return Step::kFailed;
    }
    if (lf == std::string_view::npos) {
      if (block.size() - line < allowed.bytes) continue;
      error = allowed.error;
      return Step::kFailed;
    }
    Lines lines{block.data(), block.data() + line, block.data() + block.size()};
    const Step step = take_head_lines(lines, limits, head);
    error = lines.error;
    if (step != Step::kIncomplete) return step;
    line = static_cast<std::uint32_t>(lines.offset());
  }
  return Step::kIncomplete;
}

}  // namespace torc::codec::http1::detail
