#include <torc/codec/length_prefixed.hpp>

#include <torc/base/errors.hpp>

namespace torc::codec {

Framed PrefixedReader::next(std::string_view& input) {
  const auto whole = static_cast<std::uint8_t>(prefix_);
  while (true) {
    if (prefix_bytes_ == 0) {
      announced_ = 0;
      collector_.expect(0);  // lets go of the last string
    }
    while (prefix_bytes_ < whole) {
      if (input.empty()) return Framed::kNeedMore;
      announced_ = announced_ << 8 | static_cast<std::uint8_t>(input.front());
      input.remove_prefix(1);
      if (++prefix_bytes_ < whole) continue;
      if (announced_ > limit_) {
        collector_.skip(announced_);
        return Framed::kTooLong;
      }
      collector_.expect(announced_);
    }
    if (!collector_.take(input)) return Framed::kNeedMore;
    prefix_bytes_ = 0;
    if (!collector_.skipping()) return Framed::kFrame;
  }
}

std::string length_prefix(Prefix prefix, std::uint64_t length) {
  if (length > max_length(prefix)) detail::misuse("a string is longer than its length prefix can say");
  std::string bytes;
  for (int shift = 8 * (static_cast<int>(prefix) - 1); shift >= 0; shift -= 8) bytes += static_cast<char>(length >> shift & 0xff);
  return bytes;
}

}  // namespace torc::codec
