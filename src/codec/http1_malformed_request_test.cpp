// Request lines and fields that are refused, each at every split, with an innocent request behind that must not be read.
#include "codec/http1_every_split.hpp"

namespace {

using namespace torc::codec::http1;
using namespace torc::codec::http1::testing;
using namespace std::string_view_literals;
using enum Error;

constexpr std::string_view kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: victim\r\n\r\n";

#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

constexpr Malformed kRequestLines[] = {
    {"two empty lines before the request", "\r\n\r\n" GET "\r\n", kBadMethod},
    {"bare LF before the request", "\n" GET "\r\n", kBadMethod},
    {"bare CR before the request", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", kBadMethod},
    {"space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", kBadMethod},
    {"NUL before the method", "\0GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, kBadMethod},
    {"TLS client hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, kBadMethod},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", kBadTarget},
    {"SSH banner", "SSH-2.0-OpenSSH_9.2\r\n", kBadMethod},
    {"method with a colon", "GET: / HTTP/1.1\r\nHost: a\r\n\r\n", kBadMethod},
    {"method with a bracket", "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n", kBadMethod},
    {"method with a non-ASCII letter", "G\xc9T / HTTP/1.1\r\nHost: a\r\n\r\n", kBadMethod},
    {"method followed by a tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", kBadMethod},
    {"method alone", "GET\r\n\r\n", kBadMethod},
    {"no method", "/ HTTP/1.1\r\nHost: a\r\n\r\n", kBadMethod},
    {"method of 33 bytes", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\nHost: a\r\n\r\n", kMethodTooLong},
    {"method that never ends", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKL", kMethodTooLong},
    {"no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"empty target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"tab before the target", "GET \t/ HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"HTTP/0.9", "GET /\r\nHost: a\r\n\r\n", kBadTarget},
    {"HTTP/0.9 with a bare LF", "GET /x\nHost: a\n\n", kBadTarget},
    {"relative target", "GET index.html HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"asterisk for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"two asterisks", "OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"authority for GET", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"path for CONNECT", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"CONNECT without a port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"CONNECT with an empty port", "CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"CONNECT without a host", "CONNECT :443 HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"CONNECT to port 65536", "CONNECT a:65536 HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"CONNECT with an URL", "CONNECT http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"CONNECT to a bare IPv6 address", "CONNECT ::1 HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"absolute form without a host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"absolute form with user information", "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"absolute form with another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"absolute form with a letter in the port", "GET http://a:8o/ HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"absolute form with an open bracket", "GET http://[::1/ HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"fragment in the target", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"NUL in the target", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"sv, kBadTarget},
    {"DEL in the target", "GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"UTF-8 in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"tab in the target", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"bare CR in the target", "GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", kBadVersion},
    {"two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", kBadVersion},
    {"tab before the version", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", kBadTarget},
    {"space behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", kBadVersion},
    {"words behind the version", "GET / HTTP/1.1 x\r\nHost: a\r\n\r\n", kBadVersion},
    {"no version", "GET / \r\nHost: a\r\n\r\n", kBadVersion},
    {"version in small letters", "GET / http/1.1\r\nHost: a\r\n\r\n", kBadVersion},
    {"version of another protocol", "GET / HTCP/1.1\r\nHost: a\r\n\r\n", kBadVersion},
    {"version without a minor", "GET / HTTP/1\r\nHost: a\r\n\r\n", kBadVersion},
    {"version without a major", "GET / HTTP/.1\r\nHost: a\r\n\r\n", kBadVersion},
    {"version with two minor digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", kBadVersion},
    {"version with two major digits", "GET / HTTP/11.1\r\nHost: a\r\n\r\n", kBadVersion},
    {"version with a comma", "GET / HTTP/1,1\r\nHost: a\r\n\r\n", kBadVersion},
    {"version with a sign", "GET / HTTP/+1.1\r\nHost: a\r\n\r\n", kBadVersion},
    {"version with a space", "GET / HTTP /1.1\r\nHost: a\r\n\r\n", kBadVersion},
    {"bare LF behind the version", "GET / HTTP/1.1\nHost: a\r\n\r\n", kBadVersion},
    {"bare CR behind the version", "GET / HTTP/1.1\rHost: a\r\n\r\n", kBadVersion},
    {"CR CR LF behind the version", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", kBadVersion},
    {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", kUnsupportedVersion},
    {"HTTP/0.9 by name", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", kUnsupportedVersion},
    {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", kUnsupportedVersion},
    {"HTTP/9.9", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", kUnsupportedVersion},
};

constexpr Malformed kFields[] = {
    {"white space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", kObsoleteFold},
    {"folded with a space", GET "X: a\r\n b\r\n\r\n", kObsoleteFold},
    {"folded with a tab", GET "X: a\r\n\tb\r\n\r\n", kObsoleteFold},
    {"folded empty", GET "X:\r\n \r\n\r\n", kObsoleteFold},
    {"folded Transfer-Encoding", POST "Transfer-Encoding:\r\n chunked\r\n\r\n", kBadTransferEncoding},
    {"space before the colon", GET "X : a\r\n\r\n", kBadFieldName},
    {"tab before the colon", GET "X\t: a\r\n\r\n", kBadFieldName},
    {"space before the colon of Host", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", kBadFieldName},
    {"space before the colon of Transfer-Encoding", POST "Transfer-Encoding : chunked\r\n\r\n", kBadFieldName},
    {"space before the colon of Content-Length", POST "Content-Length : 3\r\n\r\nabc", kBadFieldName},
    {"space in a name", GET "X Y: a\r\n\r\n", kBadFieldName},
    {"no colon", GET "X\r\n\r\n", kBadFieldName},
    {"no name", GET ": a\r\n\r\n", kBadFieldName},
    {"colon alone", GET ":\r\n\r\n", kBadFieldName},
    {"NUL in a name", GET "X\0: a\r\n\r\n"sv, kBadFieldName},
    {"DEL in a name", GET "X\x7f: a\r\n\r\n", kBadFieldName},
    {"CR in a name", GET "X\rY: a\r\n\r\n", kBadFieldName},
    {"LF in a name", GET "X\nY: a\r\n\r\n", kBadFieldName},
    {"non-ASCII in a name", GET "X\xe4: a\r\n\r\n", kBadFieldName},
    {"brace in a name", GET "X{: a\r\n\r\n", kBadFieldName},
    {"slash in a name", GET "X/Y: a\r\n\r\n", kBadFieldName},
    {"at sign in a name", GET "@X: a\r\n\r\n", kBadFieldName},
    {"quoted name", GET "\"X\": a\r\n\r\n", kBadFieldName},
    {"NUL in a value", GET "X: a\0b\r\n\r\n"sv, kBadFieldValue},
    {"ESC in a value", GET "X: a\x1b[0m\r\n\r\n", kBadFieldValue},
    {"DEL in a value", GET "X: a\x7f\r\n\r\n", kBadFieldValue},
    {"backspace in a value", GET "X: a\b\r\n\r\n", kBadFieldValue},
    {"bare CR in a value", GET "X: a\rb\r\n\r\n", kBadFieldValue},
    {"bare CR before a field", GET "X: a\rTransfer-Encoding: chunked\r\n\r\n", kBadFieldValue},
    {"CVE-2023-30589: bare CR directly behind the colon", GET "X-Abc:\rTransfer-Encoding: chunked\r\n\r\n",
     kBadFieldValue},
    {"bare LF behind a value", GET "X: a\nY: b\r\n\r\n", kBadFieldValue},
    {"bare LF behind the colon", GET "X:\nY: b\r\n\r\n", kBadFieldValue},
    {"CR CR LF behind a value", GET "X: a\r\r\n\r\n", kBadFieldValue},
    {"bare LF as the empty line", GET "\n", kBadFieldName},
    {
        "bare CR as the empty line",
        GET "\r"
            "GET",
        kBadFieldName,
    },
    {"CR CR LF as the empty line", GET "\r\r\n", kBadFieldName},
    {"LF LF only", "GET / HTTP/1.1\nHost: a\n\n", kBadVersion},
    {"no Host", "GET / HTTP/1.1\r\n\r\n", kMissingHost},
    {"no Host but others", "GET / HTTP/1.1\r\nX: a\r\nHosts: a\r\n\r\n", kMissingHost},
    {"no Host for an absolute target", "GET http://a/ HTTP/1.1\r\n\r\n", kMissingHost},
    {"two Hosts", GET "Host: b\r\n\r\n", kDuplicateHost},
    {"the same Host twice", GET "hOST: a\r\n\r\n", kDuplicateHost},
    {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", kDuplicateHost},
    {"Host with a list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", kBadHost},
    {"Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", kBadHost},
    {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", kBadHost},
    {"Host with user information", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", kBadHost},
    {"Host with a scheme", "GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", kBadHost},
    {"Host with a letter in the port", "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", kBadHost},
    {"Host with a port too large", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", kBadHost},
    {"Host with a port of six digits", "GET / HTTP/1.1\r\nHost: a:000080\r\n\r\n", kBadHost},
    {"Host with a port only", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", kBadHost},
    {"Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", kBadHost},
    {"Host with a bare IPv6 address", "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", kBadHost},
    {"Host with an open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", kBadHost},
    {"Host with empty brackets", "GET / HTTP/1.1\r\nHost: []\r\n\r\n", kBadHost},
    {"Host with words behind the bracket", "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", kBadHost},
    {"Host with a broken escape", "GET / HTTP/1.1\r\nHost: a%4\r\n\r\n", kBadHost},
    {"Host with a wrong escape", "GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n", kBadHost},
    {"Host with non-ASCII", "GET / HTTP/1.1\r\nHost: \xe4\r\n\r\n", kBadHost},
    {"Host with an angle bracket", "GET / HTTP/1.1\r\nHost: a<b\r\n\r\n", kBadHost},
    {"Host with a question mark", "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", kBadHost},
    {"Host with a backslash", "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n", kBadHost},
};

constexpr Malformed kFraming[] = {
    {"empty length", POST "Content-Length:\r\n\r\n", kBadContentLength},
    {"length +5", POST "Content-Length: +5\r\n\r\nhello", kBadContentLength},
    {"length -5", POST "Content-Length: -5\r\n\r\nhello", kBadContentLength},
    {"length 0x5", POST "Content-Length: 0x5\r\n\r\nhello", kBadContentLength},
    {"length in hexadecimal", POST "Content-Length: a\r\n\r\nhellohello", kBadContentLength},
    {"length 5.0", POST "Content-Length: 5.0\r\n\r\nhello", kBadContentLength},
    {"length 1e1", POST "Content-Length: 1e1\r\n\r\nhellohello", kBadContentLength},
    {"length with a space inside", POST "Content-Length: 1 0\r\n\r\nhellohello", kBadContentLength},
    {"length with a tab inside", POST "Content-Length: 1\t0\r\n\r\nhellohello", kBadContentLength},
    {"length with an underscore", POST "Content-Length: 1_0\r\n\r\nhellohello", kBadContentLength},
    {"length in quotes", POST "Content-Length: \"5\"\r\n\r\nhello", kBadContentLength},
    {"length as a list of equals", POST "Content-Length: 5, 5\r\n\r\nhello", kBadContentLength},
    {"length as a list of different", POST "Content-Length: 5,6\r\n\r\nhello", kBadContentLength},
    {"length with an empty element", POST "Content-Length: 5,\r\n\r\nhello", kBadContentLength},
    {"length behind an empty element", POST "Content-Length: ,5\r\n\r\nhello", kBadContentLength},
    {"length with a semicolon", POST "Content-Length: 5;a\r\n\r\nhello", kBadContentLength},
    {"length in other digits", POST "Content-Length: \xd9\xa5\r\n\r\nhello", kBadContentLength},
    {"length of 2^64", POST "Content-Length: 18446744073709551616\r\n\r\n", kBadContentLength},
    {"length of 2^64 + 5", POST "Content-Length: 18446744073709551621\r\n\r\nhello", kBadContentLength},
    {"length of 30 digits", POST "Content-Length: 100000000000000000000000000000\r\n\r\n", kBadContentLength},
    {"equal lengths", POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", kDuplicateContentLength},
    {"different lengths", POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", kDuplicateContentLength},
    {"length in different cases", POST "content-length: 0\r\nCONTENT-LENGTH: 5\r\n\r\nhello", kDuplicateContentLength},
    {"length, then a bad length", POST "Content-Length: 5\r\nContent-Length: x\r\n\r\nhello", kBadContentLength},
    {"lengths with a field between", POST "Content-Length: 5\r\nX: y\r\nContent-Length: 5\r\n\r\nhello",
     kDuplicateContentLength},
    {"CL.TE", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", kLengthAndCoding},
    {"TE.CL", POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", kLengthAndCoding},
    {"CL 0 and TE", POST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", kLengthAndCoding},
    {"TE and CL in other cases", POST "tRANSFER-eNCODING: CHUNKED\r\ncONTENT-lENGTH: 5\r\n\r\n", kLengthAndCoding},
    {"CL and a bad TE", POST "Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\nhello", kLengthAndCoding},
    {"TE and a bad CL", POST "Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n0\r\n\r\n", kBadContentLength},
    {"TE twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     kBadTransferEncoding},
    {"TE and TE identity", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
     kBadTransferEncoding},
    {"TE chunked, chunked", POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", kBadTransferEncoding},
    {"TE chunked, gzip", POST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", kBadTransferEncoding},
    {"TE gzip", POST "Transfer-Encoding: gzip\r\n\r\n", kBadTransferEncoding},
    {"TE identity", POST "Transfer-Encoding: identity\r\n\r\n", kBadTransferEncoding},
    {"TE xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", kBadTransferEncoding},
    {"TE chunkedx", POST "Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n", kBadTransferEncoding},
    {"TE chunke", POST "Transfer-Encoding: chunke\r\n\r\n0\r\n\r\n", kBadTransferEncoding},
    {"TE in quotes", POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", kBadTransferEncoding},
    {"TE with a parameter", POST "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n", kBadTransferEncoding},
    {"TE with a comma behind", POST "Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n", kBadTransferEncoding},
    {"TE with a comma before", POST "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", kBadTransferEncoding},
    {"TE empty", POST "Transfer-Encoding:\r\n\r\n", kBadTransferEncoding},
    {"TE with a vertical tab",
     POST "Transfer-Encoding: \x0b"
          "chunked\r\n\r\n0\r\n\r\n",
     kBadFieldValue},
    {"TE with a no-break space",
     POST "Transfer-Encoding: \xa0"
          "chunked\r\n\r\n0\r\n\r\n",
     kBadTransferEncoding},
    {"TE with a NUL", POST "Transfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n"sv, kBadFieldValue},
    {"TE gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", kUnsupportedCoding},
    {"TE identity, chunked", POST "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", kUnsupportedCoding},
    {"TE in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", kTransferEncodingInHttp10},
};

template <std::size_t kCount>
void expect_refused(const Malformed (&table)[kCount]) {
  for (const Malformed& malformed : table) {
    SCOPED_TRACE(malformed.what);
    const std::string stream = std::string(malformed.bytes) + std::string(kSmuggled);
    const Transcript result = read_requests(stream);
    EXPECT_EQ(describe(result.error), describe(malformed.error));
    EXPECT_EQ(result.heads, 0);
  }
}

TEST(Http1MalformedRequest, RefusesRequestLines) { expect_refused(kRequestLines); }
TEST(Http1MalformedRequest, RefusesFields) { expect_refused(kFields); }
TEST(Http1MalformedRequest, RefusesFraming) { expect_refused(kFraming); }

// The table's own point: an answer of the 4xx or 5xx class for each, and never a repair.
TEST(Http1MalformedRequest, HasAStatusForEveryRefusal) {
  for (const Malformed& malformed : kRequestLines) EXPECT_GE(status_for(malformed.error), 400) << malformed.what;
  EXPECT_EQ(status_for(kBadFieldName), 400);
  EXPECT_EQ(status_for(kStartLineTooLong), 414);
  EXPECT_EQ(status_for(kFieldLineTooLong), 431);
  EXPECT_EQ(status_for(kBodyTooLarge), 413);
  EXPECT_EQ(status_for(kUnsupportedCoding), 501);
  EXPECT_EQ(status_for(kMethodTooLong), 501);
  EXPECT_EQ(status_for(kUnsupportedVersion), 505);
}

TEST(Http1MalformedRequest, StaysRefused) {
  RequestParser parser;
  std::string_view bad = "\x16\x03";
  EXPECT_EQ(parser.next(bad), Event::kError);
  std::string_view good = kSmuggled;
  EXPECT_EQ(parser.next(good), Event::kError);
  EXPECT_EQ(good, kSmuggled);
  EXPECT_EQ(parser.finish(), Event::kError);
  EXPECT_EQ(parser.error(), kBadMethod);
}

// Nothing of a method has to be waited for: a client that speaks TLS is told at its first byte.
TEST(Http1MalformedRequest, RefusesAMethodBeforeItsLineEnds) {
  for (std::string_view start : {"\x16\x03\x01"sv, "GE\0T"sv, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKL"sv}) {
    const Transcript result = read_requests(start, kDefaultLimits, false);
    EXPECT_NE(result.error, kNone) << start;
  }
}

TEST(Http1MalformedRequest, RefusesToEndInsideAMessage) {
  constexpr std::string_view kWhole = POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n";
  for (std::size_t size = 1; size < kWhole.size(); ++size)
    EXPECT_EQ(read_requests(kWhole.substr(0, size)).error, kTruncated) << size;
  constexpr std::string_view kLength = POST "Content-Length: 3\r\n\r\nabc";
  for (std::size_t size = 1; size < kLength.size(); ++size)
    EXPECT_EQ(read_requests(kLength.substr(0, size)).error, kTruncated) << size;
  EXPECT_EQ(read_requests("").error, kNone);
  EXPECT_EQ(read_requests("\r\n").error, kNone);
}

}  // namespace
