// Heads and chunks as they are written, what writers refuse, and that parsers read back what was written.
#include <torc/codec/http1.hpp>

#include "codec/http1_every_split.hpp"

#include <random>

namespace {

using namespace torc::codec::http1;
using namespace torc::codec::http1::testing;
using namespace std::string_view_literals;
using enum Error;
using List = std::vector<Field>;

TEST(Http1Writer, WritesARequestHead) {
  std::string out = "before|";
  EXPECT_EQ(write_request_head(out, "GET", "/x?y", List{{"Host", "example.com"}, {"Accept", "*/*"}}), kNone);
  EXPECT_EQ(out, "before|GET /x?y HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n");
  out.clear();
  EXPECT_EQ(write_request_head(out, "GET", "/", Fields{}, 0), kNone);
  EXPECT_EQ(out, "GET / HTTP/1.0\r\n\r\n");
}

TEST(Http1Writer, WritesAResponseHead) {
  std::string out;
  EXPECT_EQ(write_response_head(out, 200, List{{"Content-Length", "3"}, {"Empty", ""}}), kNone);
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nEmpty: \r\n\r\n");
  out.clear();
  EXPECT_EQ(write_response_head(out, 404, Fields{}, 0), kNone);
  EXPECT_EQ(out, "HTTP/1.0 404 Not Found\r\n\r\n");
  out.clear();
  EXPECT_EQ(write_response_head(out, 299, List{}), kNone);
  EXPECT_EQ(out, "HTTP/1.1 299 Unknown\r\n\r\n");
}

TEST(Http1Writer, WritesAResponseHeadPieceByPiece) {
  std::string out;
  EXPECT_EQ(write_status_line(out, 503, "Come back later"), kNone);
  EXPECT_EQ(write_field(out, "Retry-After", "120"), kNone);
  write_content_length(out, 0);
  write_content_length(out, 18446744073709551615u);
  write_end_of_head(out);
  EXPECT_EQ(out,
            "HTTP/1.1 503 Come back later\r\nRetry-After: 120\r\nContent-Length: 0\r\n"
            "Content-Length: 18446744073709551615\r\n\r\n");
}

TEST(Http1Writer, HasAStatusLineForEveryRegisteredStatus) {
  int registered = 0;
  for (int status = 100; status < 600; ++status) {
    std::string out;
    ASSERT_EQ(write_status_line(out, status), kNone);
    const std::string reason(reason_phrase(status));
    EXPECT_EQ(out, "HTTP/1.1 " + std::to_string(status) + " " + reason + "\r\n");
    registered += reason != "Unknown";
  }
  EXPECT_EQ(registered, 60);
  EXPECT_EQ(reason_phrase(99), "Unknown");
  EXPECT_EQ(reason_phrase(600), "Unknown");
}

TEST(Http1Writer, WritesChunks) {
  std::string out;
  EXPECT_TRUE(write_chunk_header(out, 3));
  out += "abc";
  write_chunk_end(out);
  EXPECT_FALSE(write_chunk_header(out, 0));
  EXPECT_TRUE(write_chunk_header(out, UINT64_MAX));
  EXPECT_TRUE(write_chunk_header(out, 0x10));
  EXPECT_EQ(write_last_chunk(out), kNone);
  EXPECT_EQ(out, "3\r\nabc\r\nffffffffffffffff\r\n10\r\n0\r\n\r\n");
  out.clear();
  EXPECT_EQ(write_last_chunk(out, List{{"Digest", "x"}}), kNone);
  EXPECT_EQ(out, "0\r\nDigest: x\r\n\r\n");
}

TEST(Http1Writer, RefusesBeforeItAppends) {
  struct {
    Error expected;
    Error (*write)(std::string& out);
  } const cases[] = {
      {kBadMethod, [](std::string& o) { return write_request_head(o, "", "/", List{{"Host", "a"}}); }},
      {kBadMethod, [](std::string& o) { return write_request_head(o, "G T", "/", List{{"Host", "a"}}); }},
      {kBadMethod, [](std::string& o) { return write_request_head(o, "GET\r\n", "/", List{{"Host", "a"}}); }},
      {kMethodTooLong,
       [](std::string& o) { return write_request_head(o, std::string(33, 'A'), "/", List{{"Host", "a"}}); }},
      {kBadTarget, [](std::string& o) { return write_request_head(o, "GET", "", List{{"Host", "a"}}); }},
      {kBadTarget, [](std::string& o) { return write_request_head(o, "GET", "a", List{{"Host", "a"}}); }},
      {kBadTarget, [](std::string& o) { return write_request_head(o, "GET", "*", List{{"Host", "a"}}); }},
      {kBadTarget,
       [](std::string& o) { return write_request_head(o, "GET", "/ HTTP/1.1\r\nX: y\r\n", List{{"Host", "a"}}); }},
      {kBadTarget, [](std::string& o) { return write_request_head(o, "CONNECT", "/", List{{"Host", "a"}}); }},
      {kUnsupportedVersion, [](std::string& o) { return write_request_head(o, "GET", "/", List{{"Host", "a"}}, 2); }},
      {kMissingHost, [](std::string& o) { return write_request_head(o, "GET", "/", List{}); }},
      {kDuplicateHost,
       [](std::string& o) { return write_request_head(o, "GET", "/", List{{"Host", "a"}, {"HOST", "a"}}); }},
      {kBadHost, [](std::string& o) { return write_request_head(o, "GET", "/", List{{"Host", "a/b"}}); }},
      {kBadFieldName, [](std::string& o) { return write_response_head(o, 200, List{{"", "a"}}); }},
      {kBadFieldName, [](std::string& o) { return write_response_head(o, 200, List{{"A", "a"}, {"B:", "b"}}); }},
      {kBadFieldName, [](std::string& o) { return write_response_head(o, 200, List{{"A\r\nB", "a"}}); }},
      {kBadFieldValue,
       [](std::string& o) { return write_response_head(o, 200, List{{"A", "a"}, {"B", "b\r\nC: c"}}); }},
      {kBadFieldValue, [](std::string& o) { return write_response_head(o, 200, List{{"A", "\n"}}); }},
      {kBadFieldValue, [](std::string& o) { return write_response_head(o, 200, List{{"A", "a\0b"sv}}); }},
      {kBadContentLength, [](std::string& o) { return write_response_head(o, 200, List{{"Content-Length", "+1"}}); }},
      {kDuplicateContentLength,
       [](std::string& o) {
         return write_response_head(o, 200, List{{"Content-Length", "1"}, {"content-length", "1"}});
       }},
      {kLengthAndCoding,
       [](std::string& o) {
         return write_response_head(o, 200, List{{"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}});
       }},
      {kLengthAndCoding,
       [](std::string& o) { return write_fields(o, List{{"Transfer-Encoding", "chunked"}, {"Content-Length", "1"}}); }},
      {kBadTransferEncoding,
       [](std::string& o) { return write_response_head(o, 200, List{{"Transfer-Encoding", "gzip"}}); }},
      {kTransferEncodingInHttp10,
       [](std::string& o) { return write_response_head(o, 200, List{{"Transfer-Encoding", "chunked"}}, 0); }},
      {kBadStatus, [](std::string& o) { return write_response_head(o, 99, List{}); }},
      {kBadStatus, [](std::string& o) { return write_response_head(o, 600, List{}); }},
      {kBadStatus, [](std::string& o) { return write_status_line(o, -1); }},
      {kBadReason, [](std::string& o) { return write_status_line(o, 200, "OK\r\nX: y"); }},
      {kUnsupportedVersion, [](std::string& o) { return write_status_line(o, 200, "OK", -1); }},
      {kBadFieldName, [](std::string& o) { return write_last_chunk(o, List{{"a b", "c"}}); }},
      {kBadFieldValue, [](std::string& o) { return write_last_chunk(o, List{{"a", "b\r\n\r\nGET /"}}); }},
      {kForbiddenTrailer, [](std::string& o) { return write_last_chunk(o, List{{"Content-Length", "5"}}); }},
  };
  for (const auto& c : cases) {
    std::string out = "before";
    EXPECT_EQ(describe(c.write(out)), describe(c.expected));
    EXPECT_EQ(out, "before");
  }
}

TEST(Http1Writer, WritesFieldsThatItRead) {
  constexpr std::string_view kHead = "GET /x HTTP/1.1\r\nHost:  a \r\nX:y\r\n\r\n";
  RequestParser parser;
  std::string_view input = kHead;
  ASSERT_EQ(parser.next(input), Event::kHead);
  std::string out;
  EXPECT_EQ(write_request_head(out, parser.head().method(), parser.head().target(), parser.head().fields()), kNone);
  EXPECT_EQ(out, "GET /x HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n");
}

// Heads made of random valid parts, written and read back: the same method, target and fields.
TEST(Http1Writer, IsReadBackAsWritten) {
  std::mt19937 random(1);
  auto pick = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  auto text = [&](std::string_view alphabet, std::size_t least, std::size_t most) {
    std::string result;
    for (std::size_t size = least + pick(most - least + 1); result.size() < size;)
      result += alphabet[pick(alphabet.size())];
    return result;
  };
  constexpr std::string_view kToken = "abcXYZ019!#$%&'*+-.^_`|~";
  constexpr std::string_view kTarget = "abz/09?&=%:@[]{}\"\\~";
  constexpr std::string_view kValue = "abc \t:,;=\"\\\x80\xff";
  for (int round = 0; round < 500; ++round) {
    Fields fields;
    ASSERT_EQ(fields.add("Host", "h" + text("ab.-", 0, 9)), kNone);
    for (std::size_t i = pick(12); i > 0; --i)
      ASSERT_EQ(fields.add("x" + text(kToken, 0, 30), text(kValue, 0, 60)), kNone);
    const std::string method = text(kToken, 1, kMaxMethod);
    const std::string target = "/" + text(kTarget, 0, 50);
    std::string out;
    ASSERT_EQ(write_request_head(out, method, target, fields), kNone);
    const bool chunked = pick(2) == 1;
    const std::string body = text("\r\n0;a", 1, 20);
    if (chunked) {
      out.resize(out.size() - 2);
      ASSERT_EQ(write_field(out, "Transfer-Encoding", "chunked"), kNone);
      write_end_of_head(out);
      for (char c : body) {
        write_chunk_header(out, 1);
        out += c;
        write_chunk_end(out);
      }
      ASSERT_EQ(write_last_chunk(out), kNone);
    }
    RequestParser parser;
    const Transcript read = transcribe(parser, one_byte_pieces(out));
    ASSERT_EQ(describe(read.error), describe(kNone)) << out;
    EXPECT_EQ(read.bodies.at(0), chunked ? body : "");
    RequestParser again;
    std::string_view input = out;
    ASSERT_EQ(again.next(input), Event::kHead);
    EXPECT_EQ(again.head().method(), method);
    EXPECT_EQ(again.head().target(), target);
    ASSERT_EQ(again.head().fields().size(), fields.size() + chunked);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      EXPECT_EQ(again.head().fields()[i].name, fields[i].name);
      EXPECT_EQ(again.head().fields()[i].value, fields[i].value);
    }
  }
}

}  // namespace
