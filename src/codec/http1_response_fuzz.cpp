// Any bytes as a connection's responses. The first byte of the input chooses the request, the pieces and the limits.
#include "codec/http1_fuzz_checks.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace torc::codec::http1;
  using namespace torc::codec::http1::testing;
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data + 1), size - 1);
  const Limits limits = fuzz_limits(data[0]);
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "CONNECT", "POST"};
  const std::string_view method = kMethods[data[0] >> 6];

  const auto read = [&](const Pieces& pieces) {
    ResponseParser parser(limits);
    int requests = 3;
    return transcribe(parser, pieces, true, [&](ResponseParser& p) {
      if (requests-- > 0) p.expect_response_to(method);
    });
  };
  const Transcript expected = read({stream});
  for (const Pieces& pieces : fuzz_splits(stream, data[0]))
    must(read(pieces).text == expected.text, "the verdict depends on the split");

  // Every head that was read can be written, and reads back as the same head.
  ResponseParser parser(limits);
  parser.expect_response_to(method);
  std::string_view input = stream;
  while (true) {
    const Event event = parser.next(input);
    if (event == Event::kNeedMore || event == Event::kError) return 0;
    if (event == Event::kEnd) parser.expect_response_to(method);
    if (event != Event::kHead && event != Event::kInterim) continue;
    const ResponseHead head = parser.take_head();
    std::string written;
    must(write_status_line(written, head.status(), head.reason(), head.minor_version()) == Error::kNone &&
             write_fields(written, head.fields()) == Error::kNone,
         "a head that was read cannot be written");
    write_end_of_head(written);
    ResponseParser again(kUnlimited);
    again.expect_response_to(method);
    std::string_view rest = written;
    must(again.next(rest) == event && rest.empty(), "a written head cannot be read");
    must(again.head().status() == head.status() && again.head().framing() == head.framing() &&
             again.head().keep_alive() == head.keep_alive() && again.head().fields().size() == head.fields().size(),
         "a written head reads back differently");
  }
}
