// Every limit at exactly n and n + 1, at every split, and that limits act before memory is taken.
#include "codec/http1_every_split.hpp"

namespace {

using namespace torc::codec::http1;
using namespace torc::codec::http1::testing;
using enum Error;

constexpr std::string_view kEnd = "\r\n\r\n";

constexpr std::size_t kBlock = 64u << 10;

std::string bytes(std::size_t n, char c = 'a') { return std::string(n, c); }

void expect_verdict(const Limits& limits, const std::string& stream, Error error) {
  EXPECT_EQ(describe(read_requests(stream, limits).error), describe(error)) << stream;
}

TEST(Http1Limits, RequestLine) {
  const Limits limits{.request_line = 60};
  constexpr std::size_t kRest = std::string_view("GET / HTTP/1.1").size();
  expect_verdict(limits, "GET /" + bytes(60 - kRest) + " HTTP/1.1\r\nHost: a\r\n\r\n", kNone);
  expect_verdict(limits, "GET /" + bytes(61 - kRest) + " HTTP/1.1\r\nHost: a\r\n\r\n", kStartLineTooLong);
  expect_verdict(limits, "GET /" + bytes(200), kStartLineTooLong);
}

TEST(Http1Limits, RequestLineShorterThanAMethod) {
  for (std::uint32_t limit = 0; limit < 40; ++limit) {
    const Limits limits{.request_line = limit};
    expect_verdict(limits, bytes(40), limit + 2 <= kMaxMethod ? kStartLineTooLong : kMethodTooLong);
    expect_verdict(limits, bytes(20) + "(", limit + 2 <= 20 ? kStartLineTooLong : kBadMethod);
  }
}

TEST(Http1Limits, StatusLine) {
  const Limits limits{.request_line = 40};
  constexpr std::size_t kRest = std::string_view("HTTP/1.1 200 ").size();
  const std::string rest = "\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(read_responses("HTTP/1.1 200 " + bytes(40 - kRest) + rest, "GET", limits).error, kNone);
  EXPECT_EQ(read_responses("HTTP/1.1 200 " + bytes(41 - kRest) + rest, "GET", limits).error, kStartLineTooLong);
  EXPECT_EQ(read_responses(bytes(100), "GET", limits).error, kStartLineTooLong);
}

TEST(Http1Limits, HeaderLine) {
  const Limits limits{.header_line = 50};
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  expect_verdict(limits, start + "X: " + bytes(47) + "\r\n\r\n", kNone);
  expect_verdict(limits, start + "X: " + bytes(48) + "\r\n\r\n", kFieldLineTooLong);
  expect_verdict(limits, start + bytes(49) + ":\r\n\r\n", kNone);
  expect_verdict(limits, start + bytes(50) + ":\r\n\r\n", kFieldLineTooLong);
  expect_verdict(limits, start + bytes(200), kFieldLineTooLong);
  expect_verdict(limits, start + "X:" + bytes(48, ' ') + "\r\n\r\n", kNone);
  expect_verdict(limits, start + "X:" + bytes(200, ' '), kFieldLineTooLong);
}

TEST(Http1Limits, HeaderBytesCountTheWholeHead) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: " + bytes(50) + std::string(kEnd);
  const auto size = static_cast<std::uint32_t>(head.size());
  expect_verdict({.header_bytes = size}, head, kNone);
  for (std::uint32_t smaller = 0; smaller < size; ++smaller)
    expect_verdict({.header_bytes = smaller}, head, kHeadTooLarge);
}

TEST(Http1Limits, HeaderCount) {
  const Limits limits{.header_count = 3};
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nB: b\r\n";
  expect_verdict(limits, start + "C: c\r\n\r\n", kNone);
  expect_verdict(limits, start + "C: c\r\nD: d\r\n\r\n", kTooManyFields);
  expect_verdict(limits, start + "C: c\r\n(\r\n\r\n", kTooManyFields);
  expect_verdict({.header_count = 0}, "GET / HTTP/1.0\r\n\r\n", kNone);
  expect_verdict({.header_count = 0}, "GET / HTTP/1.0\r\nA: a\r\n\r\n", kTooManyFields);
}

TEST(Http1Limits, ChunkLine) {
  const Limits limits{.chunk_line = 30};
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_verdict(limits, start + "1;" + bytes(28) + "\r\nx\r\n0\r\n\r\n", kNone);
  expect_verdict(limits, start + "1;" + bytes(29) + "\r\nx\r\n0\r\n\r\n", kChunkLineTooLong);
  expect_verdict(limits, start + "1;" + bytes(28) + "\r\nx\r\n0;" + bytes(28) + "\r\n\r\n", kNone);
  expect_verdict(limits, start + "1;" + bytes(28) + "\r\nx\r\n0;" + bytes(29) + "\r\n\r\n", kChunkLineTooLong);
  expect_verdict({.chunk_line = 1}, start + "0\r\n\r\n", kNone);
  expect_verdict({.chunk_line = 1}, start + "00\r\n\r\n", kChunkLineTooLong);
}

TEST(Http1Limits, Trailers) {
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  const std::string trailers = "A: " + bytes(10) + "\r\nB: " + bytes(10) + std::string(kEnd);
  const auto size = static_cast<std::uint32_t>(trailers.size());
  expect_verdict({.trailer_bytes = size}, start + trailers, kNone);
  for (std::uint32_t smaller = 0; smaller < size; ++smaller)
    expect_verdict({.trailer_bytes = smaller}, start + trailers, kTrailersTooLarge);
  expect_verdict({.header_line = 30}, start + "A: " + bytes(27) + "\r\n\r\n", kNone);
  expect_verdict({.header_line = 30}, start + "A: " + bytes(28) + "\r\n\r\n", kFieldLineTooLong);
  expect_verdict({.header_count = 2}, start + "A: a\r\nB: b\r\n\r\n", kNone);
  expect_verdict({.header_count = 2}, start + "A: a\r\nB: b\r\nC: c\r\n\r\n", kTooManyFields);
}

TEST(Http1Limits, Body) {
  const Limits limits{.body = 10};
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
  expect_verdict(limits, start + "Content-Length: 10\r\n\r\n" + bytes(10), kNone);
  expect_verdict(limits, start + "Content-Length: 11\r\n\r\n" + bytes(11), kBodyTooLarge);
  const std::string chunked = start + "Transfer-Encoding: chunked\r\n\r\n";
  expect_verdict(limits, chunked + "4\r\naaaa\r\n6\r\naaaaaa\r\n0\r\n\r\n", kNone);
  expect_verdict(limits, chunked + "4\r\naaaa\r\n7\r\naaaaaaa\r\n0\r\n\r\n", kBodyTooLarge);
  const std::string until_close = "HTTP/1.1 200 OK\r\n\r\n";
  EXPECT_EQ(read_responses(until_close + bytes(10), "GET", limits).error, kNone);
  const Transcript over = read_responses(until_close + bytes(11), "GET", limits);
  EXPECT_EQ(over.error, kBodyTooLarge);
  EXPECT_EQ(over.bodies.at(0).size(), 10u);
}

TEST(Http1Limits, BodyLimitIsSetPerMessageAndActsBeforeContent) {
  RequestParser parser;
  std::string_view input = "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n";
  ASSERT_EQ(parser.next(input), Event::kHead);
  parser.set_body_limit(9);
  EXPECT_EQ(parser.next(input), Event::kError);
  EXPECT_EQ(parser.error(), kBodyTooLarge);

  RequestParser generous(kDefaultLimits);
  input = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\nx";
  ASSERT_EQ(generous.next(input), Event::kHead);
  generous.set_body_limit(UINT64_MAX);
  EXPECT_EQ(generous.next(input), Event::kBody);
  EXPECT_EQ(generous.next(input), Event::kNeedMore);
}

TEST(Http1Limits, UnlimitedChunksMayBeAsLargeAsTheirSizeCanSay) {
  RequestParser parser;
  std::string_view input =
      "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nffffffffffffffff\r\nyy";
  ASSERT_EQ(parser.next(input), Event::kHead);
  parser.set_body_limit(UINT64_MAX);
  EXPECT_EQ(parser.next(input), Event::kBody);
  EXPECT_EQ(parser.next(input), Event::kBody);
  EXPECT_EQ(parser.body(), "yy");
}

// A gigabyte without a line end, as it would arrive: refused within the first pieces, and never stored.
TEST(Http1Limits, RefuseAnEndlessLineWithBoundedMemory) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  const std::string chunked = start + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string block = bytes(kBlock);
  for (const std::string& prefix :
       {std::string(), std::string("GET /"), start, start + "X: ", chunked + "1;", chunked + "0\r\n"}) {
    for (std::size_t piece : {kBlock, std::size_t{1}, std::size_t{1000}}) {
      RequestParser parser;
      std::string_view input = prefix;
      Event event = Event::kHead;
      while (event == Event::kHead) event = parser.next(input);
      std::size_t fed = 0;
      while (event == Event::kNeedMore && fed < std::size_t{1} << 30) {
        input = std::string_view(block).substr(0, piece);
        fed += piece;
        event = parser.next(input);
      }
      EXPECT_EQ(event, Event::kError);
      EXPECT_LE(fed, kBlock);
      EXPECT_LE(parser.head().fields().capacity() + parser.trailers().capacity(),
                2u * kDefaultLimits.header_line + 4096);
    }
  }
}

// Many short fields instead of one long line.
TEST(Http1Limits, RefuseAnEndlessHeadWithBoundedMemory) {
  const Limits limits{.header_count = UINT16_MAX};
  RequestParser parser(limits);
  std::string_view input = "GET / HTTP/1.1\r\nHost: a\r\n";
  Event event = parser.next(input);
  std::size_t fed = 0;
  while (event == Event::kNeedMore) {
    input = "A:\r\n";
    fed += input.size();
    event = parser.next(input);
  }
  EXPECT_EQ(parser.error(), kHeadTooLarge);
  EXPECT_LE(fed, limits.header_bytes);
  EXPECT_LE(parser.head().fields().capacity(), 2 * limits.header_bytes + 2 * 16 * (limits.header_bytes / 4));
}

TEST(Http1Limits, ParsersStaySmall) {
  EXPECT_LE(sizeof(RequestParser), 128u);
  EXPECT_LE(sizeof(ResponseParser), 128u);
  EXPECT_LE(sizeof(RequestHead), 72u);
}

}  // namespace
