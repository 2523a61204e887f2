#include <torc/framing/stateful_protocol.hpp>

#include <utility>

namespace torc::framing {

void CountedProtocol::expect(std::size_t count) {
  if (count > limit_) {
    throw FramingError("a message of " + std::to_string(count) + " bytes was announced; the limit is " + std::to_string(limit_));
  }
  count_ = count;
  any_ = true;
}

bool CountedProtocol::take(std::string_view& input) {
  if (!any_) throw FramingError("bytes came and no state expects any: call expect() in connection_made()");
  if (!std::exchange(expecting_, true)) collector_.expect(count_);
  begun_ = begun_ || !input.empty();
  if (!collector_.take(input)) return false;
  expecting_ = begun_ = false;
  arrived(collector_.bytes());
  return true;
}

}  // namespace torc::framing
