// Any bytes as netstrings. The first byte of the input is the limit.
#include "codec/framing_transcript.hpp"

#include <torc/codec/netstring.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace torc::codec;
  if (size == 0 || size > 512) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data + 1), size - 1);
  testing::at_every_split([&] { return NetstringReader(data[0]); }, stream, testing::must_agree);

  const std::string written = netstring_prefix(stream.size()) + std::string(stream) + ',';
  NetstringReader again(512);
  std::string_view rest = written;
  if (again.next(rest) != Framed::kFrame || again.frame() != stream || !rest.empty()) std::abort();
  return 0;
}
