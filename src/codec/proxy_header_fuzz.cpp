// Any bytes as the begin of a connection behind a proxy. The first byte of the input chooses the split and the limit.
#include <torc/codec/proxy_header.hpp>

#include <cstdio>
#include <cstdlib>

namespace {

using namespace torc::codec;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

struct Verdict {
  ProxyHeaderParser::Event event;
  std::size_t taken;
  ProxyHeader header;
  std::string error;
  bool operator==(const Verdict&) const = default;
};

Verdict verdict(std::string_view input, std::size_t step, std::size_t limit) {
  ProxyHeaderParser parser(limit);
  auto event = ProxyHeaderParser::Event::kNeedMore;
  std::size_t taken = 0;
  while (event == ProxyHeaderParser::Event::kNeedMore && taken < input.size()) {
    std::string_view piece = input.substr(taken, step);
    const std::size_t before = piece.size();
    event = parser.next(piece);
    taken += before - piece.size();
    must(event != ProxyHeaderParser::Event::kNeedMore || piece.empty(), "it wants more and leaves what there is");
  }
  return {event, event == ProxyHeaderParser::Event::kError ? 0 : taken, parser.header(), std::string(parser.error())};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t limit = data[0] & 1 ? 4096 : 64;
  const Verdict whole = verdict(input, input.size() + 1, limit);
  must(verdict(input, 1, limit) == whole, "the verdict depends on the split (bytes)");
  must(verdict(input, 1u + (data[0] >> 1), limit) == whole, "the verdict depends on the split");
  if (whole.event != ProxyHeaderParser::Event::kDone) return 0;
  must(whole.taken <= (input[0] == 'P' ? 107 : limit), "a header beyond its limit");
  const std::string again = write_proxy_header_v2(whole.header);
  must(verdict(again, again.size(), 4096).header == whole.header, "a header that was read reads back differently");
  return 0;
}
