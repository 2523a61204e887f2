// Any bytes as a connection's requests. The first byte of the input chooses the pieces and the limits.
#include "codec/http1_fuzz_checks.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace torc::codec::http1;
  using namespace torc::codec::http1::testing;
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data + 1), size - 1);
  const Limits limits = fuzz_limits(data[0]);

  RequestParser whole(limits);
  const Transcript expected = transcribe(whole, {stream});
  for (const Pieces& pieces : fuzz_splits(stream, data[0])) {
    RequestParser parser(limits);
    must(transcribe(parser, pieces).text == expected.text, "the verdict depends on the split");
  }

  // Every head that was read can be written, and reads back as the same head.
  RequestParser parser(limits);
  std::string_view input = stream;
  while (true) {
    const Event event = parser.next(input);
    if (event == Event::kNeedMore || event == Event::kError) return 0;
    if (event != Event::kHead) continue;
    const RequestHead head = parser.take_head();
    std::string written;
    must(write_request_head(written, head.method(), head.target(), head.fields(), head.minor_version()) == Error::kNone,
         "a head that was read cannot be written");
    RequestParser again(kUnlimited);
    std::string_view rest = written;
    must(again.next(rest) == Event::kHead && rest.empty(), "a written head cannot be read");
    std::string before, after;
    append_head(before, head);
    append_head(after, again.head());
    must(before == after, "a written head reads back differently");
    (void)head.path();
    (void)head.query();
  }
}
