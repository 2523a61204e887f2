/// What the two fuzz targets of this codec share: limits and splits chosen by a byte, and the end of a run that went wrong.
#pragma once

#include <torc/codec/http1.hpp>

#include "codec/http1_transcript.hpp"

#include <cstdio>
#include <cstdlib>

namespace torc::codec::http1::testing {

inline constexpr Limits kUnlimited{.request_line = 1u << 30,
                                   .header_line = 1u << 30,
                                   .header_bytes = 1u << 30,
                                   .header_count = UINT16_MAX,
                                   .body = UINT64_MAX};

inline void must(bool held, const char* what) {
  if (held) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

/// Half of the runs have limits so small that short inputs meet them.
inline Limits fuzz_limits(std::uint8_t choice) {
  if ((choice & 1) == 0) return {};
  return {.request_line = 40,
          .header_line = 30,
          .header_bytes = 150,
          .header_count = 4,
          .chunk_line = 12,
          .trailer_bytes = 40,
          .body = 20};
}

/// One byte at a time, in two pieces at a place `choice` decides, and in pieces of `choice` bytes.
inline std::vector<Pieces> fuzz_splits(std::string_view stream, std::uint8_t choice) {
  std::vector<Pieces> splits{one_byte_pieces(stream), split_at(stream, stream.size() * choice / 256)};
  Pieces even;
  for (std::size_t at = 0, size = choice % 61 + 2u; at < stream.size(); at += size)
    even.push_back(stream.substr(at, size));
  splits.push_back(std::move(even));
  return splits;
}

}  // namespace torc::codec::http1::testing
