// Responses: framing by request and status, interim responses, the end of the connection, and what is refused.
#include "codec/http1_every_split.hpp"

namespace {

using namespace torc::codec::http1;
using namespace torc::codec::http1::testing;
using namespace std::string_view_literals;
using enum Error;

TEST(Http1Response, ReadsTheExampleOfTheRfc) {
  EXPECT_EQ(read_responses("HTTP/1.1 200 OK\r\n"
                           "Date: Mon, 27 Jul 2009 12:28:53 GMT\r\n"
                           "Content-Length: 51\r\n"
                           "Content-Type: text/plain\r\n\r\n"
                           "Hello World! My content includes a trailing CRLF.\r\n")
                .text,
            "head 200 OK 1.1 framing=1 length=51 keep-alive\n"
            "  Date=Mon, 27 Jul 2009 12:28:53 GMT\n"
            "  Content-Length=51\n"
            "  Content-Type=text/plain\n"
            "body Hello World! My content includes a trailing CRLF.\r\n\n"
            "end\n");
}

TEST(Http1Response, ReadsStatusLines) {
  struct {
    std::string_view line, start;
  } const cases[] = {
      {"HTTP/1.1 200 OK", "head 200 OK 1.1"},
      {"HTTP/1.0 404 Not Found", "head 404 Not Found 1.0"},
      {"HTTP/1.1 299 ", "head 299  1.1"},
      {"HTTP/1.1 299", "head 299  1.1"},
      {"HTTP/1.1 599 \t a\xe4  b", "head 599 \t a\xe4  b 1.1"},
  };
  for (const auto& c : cases) {
    const Transcript result = read_responses(std::string(c.line) + "\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(result.error, kNone) << c.line;
    EXPECT_TRUE(result.text.starts_with(c.start)) << result.text;
  }
}

TEST(Http1Response, FramesByRequestAndStatus) {
  struct {
    std::string_view method, head, rest, body;
    Framing framing;
  } const cases[] = {
      {"GET", "200 OK\r\nContent-Length: 3\r\n", "abc", "abc", Framing::kLength},
      {"GET", "200 OK\r\nContent-Length: 0\r\n", "", "", Framing::kLength},
      {"GET", "200 OK\r\nTransfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n", "abc", Framing::kChunked},
      {"GET", "200 OK\r\n", "abc", "abc", Framing::kUntilClose},
      {"GET", "200 OK\r\n", "", "", Framing::kUntilClose},
      {"HEAD", "200 OK\r\nContent-Length: 3\r\n", "", "", Framing::kNone},
      {"HEAD", "200 OK\r\nTransfer-Encoding: chunked\r\n", "", "", Framing::kNone},
      {"HEAD", "200 OK\r\n", "", "", Framing::kNone},
      {"GET", "204 No Content\r\nContent-Length: 3\r\n", "", "", Framing::kNone},
      {"GET", "304 Not Modified\r\nContent-Length: 3\r\n", "", "", Framing::kNone},
      {"GET", "101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n", "", "", Framing::kNone},
      {"CONNECT", "200 OK\r\nContent-Length: 3\r\n", "", "", Framing::kNone},
      {"CONNECT", "200 OK\r\nTransfer-Encoding: chunked\r\n", "", "", Framing::kNone},
      {"CONNECT", "407 No\r\nContent-Length: 3\r\n", "abc", "abc", Framing::kLength},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.method) + " " + std::string(c.head));
    const std::string stream = "HTTP/1.1 " + std::string(c.head) + "\r\n" + std::string(c.rest);
    const Transcript result = read_responses(stream, c.method);
    EXPECT_EQ(describe(result.error), describe(kNone));
    EXPECT_EQ(result.ends, 1);
    EXPECT_EQ(result.bodies.at(0), c.body);
    const std::string framing = "framing=" + std::to_string(static_cast<int>(c.framing));
    EXPECT_NE(result.text.find(framing), std::string::npos) << result.text;
  }
}

TEST(Http1Response, KeepsTheLengthThatAHeadResponseTells) {
  ResponseParser parser;
  parser.expect_response_to("HEAD");
  std::string_view input = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
  ASSERT_EQ(parser.next(input), Event::kHead);
  EXPECT_EQ(parser.head().content_length(), 3u);
  EXPECT_EQ(parser.head().framing(), Framing::kNone);
  EXPECT_TRUE(parser.head().keep_alive());
}

TEST(Http1Response, NeverKeepsAConnectionThatEndsTheContent) {
  ResponseParser parser;
  parser.expect_response_to("GET");
  std::string_view input = "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n";
  ASSERT_EQ(parser.next(input), Event::kHead);
  EXPECT_FALSE(parser.head().keep_alive());
}

TEST(Http1Response, ReportsInterimResponses) {
  const Transcript result = read_responses(
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nContent-Length: 9\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(result.error, kNone);
  EXPECT_EQ(result.heads, 1);
  EXPECT_TRUE(
      result.text.starts_with("interim 100 Continue 1.1 framing=0 keep-alive\n"
                              "interim 103 Early Hints 1.1 framing=0 length=9 keep-alive\n  Link=</a.css>\n"))
      << result.text;
  EXPECT_EQ(result.bodies.at(0), "ok");
}

TEST(Http1Response, ReadsOneResponseForEachRequest) {
  constexpr std::string_view kOne = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const std::string two = std::string(kOne) + std::string(kOne);
  EXPECT_EQ(read_responses(two, "GET", kDefaultLimits, 2).ends, 2);
  const Transcript planted = read_responses(two, "GET", kDefaultLimits, 1);
  EXPECT_EQ(planted.ends, 1);
  EXPECT_EQ(planted.error, kUnsolicitedResponse);
  EXPECT_EQ(read_responses(kOne, "GET", kDefaultLimits, 0).error, kUnsolicitedResponse);
}

TEST(Http1Response, KnowsWhatTheEndOfTheConnectionMeans) {
  EXPECT_EQ(read_responses("").error, kNoResponse);
  EXPECT_EQ(read_responses("", "GET", kDefaultLimits, 0).error, kNone);
  EXPECT_EQ(read_responses("H").error, kTruncated);
  EXPECT_EQ(read_responses("HTTP/1.1 100 Continue\r\n\r\n").error, kTruncated);
  EXPECT_EQ(read_responses("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab").error, kTruncated);
  EXPECT_EQ(read_responses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n").error, kTruncated);
  EXPECT_EQ(read_responses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n").error, kTruncated);
  const Transcript until_close = read_responses("HTTP/1.0 200 OK\r\n\r\nall of it");
  EXPECT_EQ(until_close.error, kNone);
  EXPECT_EQ(until_close.ends, 1);
  EXPECT_EQ(until_close.bodies.at(0), "all of it");
}

TEST(Http1Response, LeavesTheNextProtocolInTheInput) {
  ResponseParser parser;
  parser.expect_response_to("GET");
  std::string_view input =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello";
  EXPECT_EQ(parser.next(input), Event::kHead);
  EXPECT_TRUE(parser.head().upgrade());
  EXPECT_EQ(parser.next(input), Event::kEnd);
  EXPECT_EQ(input, "\x81\x05hello");
}

#define OK "HTTP/1.1 200 OK\r\n"

constexpr Malformed kMalformed[] = {
    {"empty line first", "\r\n" OK "\r\n", kBadStatusLine},
    {"bare LF first", "\n" OK "\r\n", kBadStatusLine},
    {"a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", kBadStatusLine},
    {"no version", "200 OK\r\n\r\n", kBadStatusLine},
    {"version alone", "HTTP/1.1\r\n\r\n", kBadStatusLine},
    {"version and space alone", "HTTP/1.1 \r\n\r\n", kBadStatusLine},
    {"version in small letters", "http/1.1 200 OK\r\n\r\n", kBadStatusLine},
    {"another protocol", "ICY 200 OK\r\n\r\n", kBadStatusLine},
    {"version with two minor digits", "HTTP/1.10 200 OK\r\n\r\n", kBadStatusLine},
    {"version without a minor", "HTTP/1 200 OK\r\n\r\n", kBadStatusLine},
    {"HTTP/2", "HTTP/2 200 OK\r\n\r\n", kBadStatusLine},
    {"HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", kUnsupportedVersion},
    {"HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", kUnsupportedVersion},
    {"HTTP/0.9", "HTTP/0.9 200 OK\r\n\r\n", kUnsupportedVersion},
    {"HTTP/2.0 and a short line", "HTTP/2.0 2\r\n\r\n", kUnsupportedVersion},
    {"HTTP/2.0 and nothing", "HTTP/2.0\r\n\r\n", kBadStatusLine},
    {"space before the version", " " OK "\r\n", kBadStatusLine},
    {"two spaces before the status", "HTTP/1.1  200 OK\r\n\r\n", kBadStatusLine},
    {"tab before the status", "HTTP/1.1\t200 OK\r\n\r\n", kBadStatusLine},
    {"status of two digits", "HTTP/1.1 20 OK\r\n\r\n", kBadStatusLine},
    {"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", kBadStatusLine},
    {"status with a letter", "HTTP/1.1 2O0 OK\r\n\r\n", kBadStatusLine},
    {"status with a sign", "HTTP/1.1 +20 OK\r\n\r\n", kBadStatusLine},
    {"tab behind the status", "HTTP/1.1 200\tOK\r\n\r\n", kBadStatusLine},
    {"bare LF behind the status", "HTTP/1.1 200\n\r\n", kBadStatusLine},
    {"bare CR behind the status", "HTTP/1.1 200\rX\r\n\r\n", kBadStatusLine},
    {"status 000", "HTTP/1.1 000 OK\r\n\r\n", kBadStatus},
    {"status 099", "HTTP/1.1 099 OK\r\n\r\n", kBadStatus},
    {"status 600", "HTTP/1.1 600 OK\r\n\r\n", kBadStatus},
    {"status 999", "HTTP/1.1 999\r\n\r\n", kBadStatus},
    {"NUL in the reason", "HTTP/1.1 200 O\0K\r\n\r\n"sv, kBadReason},
    {"bare CR in the reason", "HTTP/1.1 200 O\rK\r\n\r\n", kBadReason},
    {"bare LF behind the reason", "HTTP/1.1 200 OK\nX: y\r\n\r\n", kBadReason},
    {"DEL in the reason", "HTTP/1.1 200 O\x7fK\r\n\r\n", kBadReason},
    {"folded field", OK "X: a\r\n b\r\n\r\n", kObsoleteFold},
    {"space before the colon", OK "Content-Length : 3\r\n\r\nabc", kBadFieldName},
    {"bare LF in the head", OK "X: a\n\n", kBadFieldValue},
    {"CL.TE", OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", kLengthAndCoding},
    {"TE.CL", OK "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", kLengthAndCoding},
    {"lengths that agree", OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", kDuplicateContentLength},
    {"length as a list", OK "Content-Length: 3, 3\r\n\r\nabc", kBadContentLength},
    {"length +3", OK "Content-Length: +3\r\n\r\nabc", kBadContentLength},
    {"length of 2^64", OK "Content-Length: 18446744073709551616\r\n\r\n", kBadContentLength},
    {"coding gzip", OK "Transfer-Encoding: gzip\r\n\r\n", kBadTransferEncoding},
    {"coding gzip, chunked", OK "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", kUnsupportedCoding},
    {"coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", kTransferEncodingInHttp10},
    {"two codings below a 204", "HTTP/1.1 204 No\r\nTransfer-Encoding: x\r\n\r\n", kBadTransferEncoding},
    {"chunk size 0x1", OK "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", kBadChunkSize},
    {"forbidden trailer", OK "Transfer-Encoding: chunked\r\n\r\n0\r\nSet-Cookie: a=b\r\n\r\n", kForbiddenTrailer},
};

TEST(Http1Response, RefusesMalformedOnes) {
  for (const Malformed& malformed : kMalformed) {
    SCOPED_TRACE(malformed.what);
    const Transcript result = read_responses(std::string(malformed.bytes) + OK "Content-Length: 0\r\n\r\n");
    EXPECT_EQ(describe(result.error), describe(malformed.error));
    EXPECT_EQ(result.ends, 0);
  }
}

TEST(Http1Response, AnswersAGatewayWith502) {
  EXPECT_EQ(status_for(kBadStatusLine), 502);
  EXPECT_EQ(status_for(kNoResponse), 502);
}

}  // namespace
