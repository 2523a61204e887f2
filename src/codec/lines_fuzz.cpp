// Any bytes as lines. The first byte of the input chooses the delimiter and the limit.
#include "codec/framing_transcript.hpp"

#include <torc/codec/lines.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace torc::codec;
  if (size == 0 || size > 512) return 0;
  const std::uint8_t choice = data[0];
  const std::string_view stream(reinterpret_cast<const char*>(data + 1), size - 1);
  const LineFormat format{.delimiter = std::string("\r\n.\r\n").substr(0, choice % 5 + 1u),
                          .max_length = choice / 5 % 8u,
                          .trim_cr = choice % 2 == 1};
  testing::at_every_split([&] { return LineReader(format); }, stream, testing::must_agree);

  // A line "R" has as many raw bytes behind it as the line before it is long.
  const auto with_raw = [&](const testing::Pieces& pieces) {
    LineReader reader(format);
    std::size_t before = 0;
    return testing::transcribe(reader, pieces, [&](LineReader& lines) {
      if (lines.frame() == "R") lines.read_raw(before);
      before = lines.frame().size();
    });
  };
  const std::string whole = with_raw({stream});
  if (const auto single = with_raw(testing::bytes_of(stream)); single != whole) testing::must_agree(whole, single);
  return 0;
}
