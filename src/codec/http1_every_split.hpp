/// Reads a stream cut in every way that matters and insists on one verdict. For the tests of this codec.
#pragma once

#include "codec/http1_transcript.hpp"

#include <gtest/gtest.h>

namespace torc::codec::http1::testing {

/// One case of a table of messages that are refused.
struct Malformed {
  std::string_view what;
  std::string_view bytes;
  Error error;
};

/// `read` makes a transcript of the pieces it is given. The transcript of the whole `stream` is returned, after a check that
/// cutting it at any one byte, and feeding it byte by byte, gives the same.
template <class Read>
Transcript at_every_split(std::string_view stream, Read read) {
  const Transcript whole = read(Pieces{stream});
  for (std::size_t at = 0; at <= stream.size(); ++at)
    EXPECT_EQ(read(split_at(stream, at)).text, whole.text) << "split at " << at;
  EXPECT_EQ(read(one_byte_pieces(stream)).text, whole.text) << "one byte at a time";
  return whole;
}

inline Transcript read_requests(std::string_view stream, const Limits& limits = kDefaultLimits, bool finish = true) {
  return at_every_split(stream, [&](const Pieces& pieces) {
    RequestParser parser(limits);
    return transcribe(parser, pieces, finish);
  });
}

/// Every response answers a `method` request; `count` requests were sent.
inline Transcript read_responses(std::string_view stream, std::string_view method = "GET",
                                 const Limits& limits = kDefaultLimits, int count = 1) {
  return at_every_split(stream, [&](const Pieces& pieces) {
    ResponseParser parser(limits);
    int left = count;
    return transcribe(parser, pieces, true, [&](ResponseParser& p) {
      if (left-- > 0) p.expect_response_to(method);
    });
  });
}

}  // namespace torc::codec::http1::testing
