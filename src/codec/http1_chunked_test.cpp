// Chunked content: what the grammar of RFC 9112 section 7 allows and what it does not, at every split.
#include "codec/http1_every_split.hpp"

namespace {

using namespace torc::codec::http1;
using namespace torc::codec::http1::testing;
using namespace std::string_view_literals;
using enum Error;

#define HEAD "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

constexpr Malformed kMalformed[] = {
    {"size -2", HEAD "-2\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"size +2", HEAD "+2\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"size 0x2", HEAD "0x2\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"size 2h", HEAD "2h\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"size g", HEAD "g\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"space before the size", HEAD " 2\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"tab before the size", HEAD "\t2\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"no size", HEAD "\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"no size but an extension", HEAD ";a\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"size in quotes", HEAD "\"2\"\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"size with an underscore", HEAD "1_0\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"size with a comma", HEAD "2,2\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"size with a NUL", HEAD "2\0\r\nab\r\n0\r\n\r\n"sv, kBadChunkSize},
    {"size with a non-ASCII byte", HEAD "2\xb2\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"size of 17 digits", HEAD "00000000000000002\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"size of 2^64", HEAD "10000000000000000\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"size of 2^64 + 2", HEAD "10000000000000002\r\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"size of 2^64 - 1 beyond the body limit", HEAD "ffffffffffffffff\r\nab\r\n0\r\n\r\n", kBodyTooLarge},
    {"size of -2 by overflow", HEAD "fffffffffffffffe\r\nab\r\n0\r\n\r\n", kBodyTooLarge},
    {"bare LF behind the size", HEAD "2\nab\r\n0\r\n\r\n", kBadChunkSize},
    {"bare CR behind the size", HEAD "2\rab\r\n0\r\n\r\n", kBadChunkEnd},
    {"CR CR LF behind the size", HEAD "2\r\r\nab\r\n0\r\n\r\n", kBadChunkEnd},
    {"bare LF behind an extension", HEAD "2;a\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"CR inside an extension", HEAD "2;a\rb\r\nab\r\n0\r\n\r\n", kBadChunkEnd},
    {"space behind the size", HEAD "2 \r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"space and digits behind the size", HEAD "2 2\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"extension without a name", HEAD "2;\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"second extension without a name", HEAD "2;a;\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"extension with = but no value", HEAD "2;a=\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"extension with a value but no name", HEAD "2;=a\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"extension with two names", HEAD "2;a b\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"extension with two values", HEAD "2;a=b=c\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"extension with a space behind", HEAD "2;a \r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"extension value with a space behind", HEAD "2;a=b \r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"open quotes", HEAD "2;a=\"b\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"CR LF in quotes", HEAD "2;a=\"\r\n\"\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"escaped LF in quotes", HEAD "2;a=\"\\\n\"\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"NUL in quotes", HEAD "2;a=\"\0\"\r\nab\r\n0\r\n\r\n"sv, kBadChunkExtension},
    {"words behind quotes", HEAD "2;a=\"b\"c\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"brackets in an extension", HEAD "2;(a)\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"non-ASCII in an extension", HEAD "2;\xe4\r\nab\r\n0\r\n\r\n", kBadChunkExtension},
    {"data longer than the size", HEAD "2\r\nabc\r\n0\r\n\r\n", kBadChunkEnd},
    {"data shorter than the size", HEAD "4\r\nab\r\n0\r\n\r\n", kBadChunkEnd},
    {"bare LF behind the data", HEAD "2\r\nab\n0\r\n\r\n", kBadChunkEnd},
    {"bare CR behind the data", HEAD "2\r\nab\r0\r\n\r\n", kBadChunkEnd},
    {"CR CR LF behind the data", HEAD "2\r\nab\r\r\n0\r\n\r\n", kBadChunkEnd},
    {"two CR LF behind the data", HEAD "2\r\nab\r\n\r\n0\r\n\r\n", kBadChunkSize},
    {"bare LF behind the last chunk", HEAD "0\n\r\n", kBadChunkSize},
    {"bare LF as the last line", HEAD "0\r\n\n", kBadFieldName},
    {"bare CR as the last line", HEAD "0\r\n\rG", kBadChunkEnd},
    {"trailer folded", HEAD "0\r\nX: a\r\n b\r\n\r\n", kObsoleteFold},
    {"trailer that begins with a space", HEAD "0\r\n X: a\r\n\r\n", kObsoleteFold},
    {"trailer with a space before the colon", HEAD "0\r\nX : a\r\n\r\n", kBadFieldName},
    {"trailer without a colon", HEAD "0\r\nX\r\n\r\n", kBadFieldName},
    {"trailer with a bare LF", HEAD "0\r\nX: a\nY: b\r\n\r\n", kBadFieldValue},
    {"trailer with a bare CR", HEAD "0\r\nX: a\rY: b\r\n\r\n", kBadFieldValue},
    {"trailer with a NUL", HEAD "0\r\nX: \0\r\n\r\n"sv, kBadFieldValue},
    {"Content-Length as trailer", HEAD "0\r\nContent-Length: 5\r\n\r\n", kForbiddenTrailer},
    {"Transfer-Encoding as trailer", HEAD "0\r\ntransfer-encoding: chunked\r\n\r\n", kForbiddenTrailer},
    {"Host as trailer", HEAD "0\r\nhost: b\r\n\r\n", kForbiddenTrailer},
    {"Authorization as trailer", HEAD "0\r\nAUTHORIZATION: Basic YTpi\r\n\r\n", kForbiddenTrailer},
    {"Content-Encoding as trailer", HEAD "0\r\nContent-Encoding: gzip\r\n\r\n", kForbiddenTrailer},
    {"Set-Cookie as trailer", HEAD "0\r\nSet-Cookie: a=b\r\n\r\n", kForbiddenTrailer},
};

constexpr std::string_view kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: victim\r\n\r\n";

TEST(Http1Chunked, RefusesWhatTheGrammarDoesNotAllow) {
  for (const Malformed& malformed : kMalformed) {
    SCOPED_TRACE(malformed.what);
    const std::string stream = std::string(malformed.bytes) + std::string(kSmuggled);
    const Transcript result = read_requests(stream);
    EXPECT_EQ(describe(result.error), describe(malformed.error));
    EXPECT_EQ(result.heads, 1);
    EXPECT_EQ(result.ends, 0);
  }
}

TEST(Http1Chunked, RemovesTheCoding) {
  const Transcript result = read_requests(HEAD "4\r\nWiki\r\n5\r\npedia\r\nE\r\n in\r\n\r\nchunks.\r\n0\r\n\r\n");
  EXPECT_EQ(result.error, kNone);
  ASSERT_EQ(result.bodies.size(), 1u);
  EXPECT_EQ(result.bodies[0], "Wikipedia in\r\n\r\nchunks.");
}

TEST(Http1Chunked, TakesSizesInEitherCaseWithLeadingZeros) {
  for (std::string_view size : {"a", "A", "0a", "0000000000A", "000000000000000a"}) {
    const Transcript result = read_requests(std::string(HEAD) + std::string(size) + "\r\n0123456789\r\n0000\r\n\r\n");
    EXPECT_EQ(result.error, kNone) << size;
    EXPECT_EQ(result.bodies.at(0), "0123456789") << size;
  }
}

TEST(Http1Chunked, ChecksAndIgnoresExtensions) {
  for (std::string_view extension :
       {";a", ";a=b", ";a=\"b\"", ";a=\"\"", ";a;b;c", ";a=b;c=\"d;e\\\"f\"", " ;a", "\t; a", ";a =b", ";a= b",
        ";a = \"b\" ; c", ";a=\"\xc3\xa4\"", ";a=\"\\\\\"", ";!#$%&'*+-.^_`|~=1", ";a=\"\t \""}) {
    std::string stream(HEAD);
    stream.append("2").append(extension).append("\r\nab\r\n0").append(extension).append("\r\n\r\n");
    const Transcript result = read_requests(stream);
    EXPECT_EQ(result.error, kNone) << extension;
    EXPECT_EQ(result.ends, 1) << extension;
    EXPECT_EQ(result.bodies.at(0), "ab") << extension;
  }
}

TEST(Http1Chunked, OffersTrailers) {
  const Transcript result =
      read_requests(HEAD "1\r\nx\r\n0\r\nExpires-At: soon\r\netag:\t\"a b\" \r\n\r\n" HEAD "0\r\n\r\n");
  EXPECT_EQ(result.error, kNone);
  EXPECT_EQ(result.ends, 2);
  EXPECT_NE(result.text.find("end\n  Expires-At=soon\n  etag=\"a b\"\nhead"), std::string::npos) << result.text;
}

TEST(Http1Chunked, ForgetsTrailersWithTheFollowingMessage) {
  RequestParser parser;
  std::string_view input = HEAD "0\r\nX: y\r\n\r\n";
  EXPECT_EQ(parser.next(input), Event::kHead);
  EXPECT_TRUE(parser.trailers().empty());
  EXPECT_EQ(parser.next(input), Event::kEnd);
  EXPECT_EQ(parser.trailers().find("x"), "y");
  EXPECT_EQ(parser.next(input), Event::kNeedMore);
  EXPECT_TRUE(parser.trailers().empty());
}

TEST(Http1Chunked, HandsOutEachChunkAsAViewIntoTheInput) {
  RequestParser parser;
  const std::string stream = HEAD "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  std::string_view input = stream;
  EXPECT_EQ(parser.next(input), Event::kHead);
  EXPECT_EQ(parser.next(input), Event::kBody);
  EXPECT_EQ(parser.body(), "abc");
  EXPECT_GE(parser.body().data(), stream.data());
  EXPECT_LE(parser.body().data(), stream.data() + stream.size());
  EXPECT_EQ(parser.next(input), Event::kBody);
  EXPECT_EQ(parser.body(), "de");
  EXPECT_EQ(parser.next(input), Event::kEnd);
}

}  // namespace
