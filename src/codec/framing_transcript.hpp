// For tests and fuzz targets: what a reader of frames says about bytes in given pieces, as one text.
#pragma once

#include <torc/codec/framing.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace torc::codec::testing {

using Pieces = std::vector<std::string_view>;

// "[a][b]" for frames, "{raw}" for raw bytes that came together, "!" for one that is too long, "?" at what is malformed.
// `on_frame` may change what the reader expects.
template <class Reader, class F>
std::string transcribe(Reader& reader, const Pieces& pieces, F on_frame) {
  std::string said;
  for (std::string_view piece : pieces) {
    while (true) {
      const Framed framed = reader.next(piece);
      if (framed == Framed::kNeedMore) break;
      switch (framed) {
        case Framed::kFrame:
          ((said += '[') += reader.frame()) += ']';
          on_frame(reader);
          break;
        case Framed::kRaw:
          if (said.ends_with('}')) said.pop_back();
          else said += '{';
          (said += reader.frame()) += '}';
          break;
        case Framed::kTooLong:
          said += '!';
          break;
        case Framed::kMalformed:
        case Framed::kNeedMore:
          return said += '?';
      }
      if (said.ends_with("!!")) return said;  // for good
    }
  }
  return said;
}
template <class Reader>
std::string transcribe(Reader reader, const Pieces& pieces) {
  return transcribe(reader, pieces, [](Reader&) {});
}

inline Pieces bytes_of(std::string_view stream) {
  Pieces pieces;
  for (std::size_t i = 0; i < stream.size(); ++i) pieces.push_back(stream.substr(i, 1));
  return pieces;
}

// What `make()` says about `stream` given whole, after it said the same with every cut and one byte at a time.
template <class Make, class Report>
std::string at_every_split(Make make, std::string_view stream, Report differs) {
  const std::string whole = transcribe(make(), {stream});
  for (std::size_t at = 0; at <= stream.size(); ++at) {
    const std::string cut = transcribe(make(), {stream.substr(0, at), stream.substr(at)});
    if (cut != whole) differs(whole, cut);
  }
  const std::string single = transcribe(make(), bytes_of(stream));
  if (single != whole) differs(whole, single);
  return whole;
}

// For fuzz targets: stops the program over a difference.
inline void must_agree(const std::string& whole, const std::string& cut) {
  std::fprintf(stderr, "the verdict depends on the split: %s and %s\n", whole.c_str(), cut.c_str());
  std::abort();
}

}  // namespace torc::codec::testing
