#include <torc/codec/framing.hpp>

#include <algorithm>

namespace torc::codec {

bool ByteCollector::take(std::string_view& input) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(missing_, input.size()));
  const std::string_view taken = input.substr(0, count);
  input.remove_prefix(count);
  missing_ -= count;
  if (skipping_) return missing_ == 0;
  if (missing_ == 0 && collected_.empty()) {
    bytes_ = taken;
    return true;
  }
  collected_ += taken;
  bytes_ = collected_;
  return missing_ == 0;
}

}  // namespace torc::codec
