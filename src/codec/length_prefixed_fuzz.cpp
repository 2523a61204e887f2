// Any bytes as strings behind a length. The first byte of the input chooses the prefix and the limit.
#include "codec/framing_transcript.hpp"

#include <torc/codec/length_prefixed.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace torc::codec;
  if (size == 0 || size > 512) return 0;
  constexpr Prefix kPrefixes[] = {Prefix::k8, Prefix::k16, Prefix::k32};
  const Prefix prefix = kPrefixes[data[0] % 3];
  const std::size_t limit = data[0] / 3;
  const std::string_view stream(reinterpret_cast<const char*>(data + 1), size - 1);
  testing::at_every_split([&] { return PrefixedReader(prefix, limit); }, stream, testing::must_agree);

  // The whole input as one string, written and read back.
  if (stream.size() > max_length(prefix)) return 0;
  const std::string written = length_prefix(prefix, stream.size()) + std::string(stream);
  PrefixedReader again(prefix, 512);
  std::string_view rest = written;
  if (again.next(rest) != Framed::kFrame || again.frame() != stream || !rest.empty()) std::abort();
  return 0;
}
