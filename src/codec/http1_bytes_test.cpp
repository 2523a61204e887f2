// All 256 byte values in every place of a message, at every offset that a vector loop could treat differently.
#include "codec/http1_chars.hpp"
#include "codec/http1_every_split.hpp"

#include <torc/codec/http1_writer.hpp>

namespace {

using namespace torc::codec::http1;
using namespace torc::codec::http1::testing;

bool token_byte(int c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c != 0 && std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos);
}
bool value_byte(int c) { return c == '\t' || (c >= 0x20 && c != 0x7f); }
bool target_byte(int c) { return c > 0x20 && c < 0x7f && c != '#'; }

// The verdict on a message that has byte `c` between `before` and `after`.
Error verdict(std::string_view before, int c, std::string_view after) {
  std::string stream(before);
  stream += static_cast<char>(c);
  stream += after;
  return read_requests(stream).error;
}

TEST(Http1Bytes, OnlyTokenBytesInAName) {
  for (int c = 0; c < 256; ++c) {
    if (c == ':') continue;
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nX", c, "Y: z\r\n\r\n") == Error::kNone, token_byte(c)) << c;
    if (c == '\r') continue;  // at the front it begins an empty line
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\n", c, "Y: z\r\n\r\n") == Error::kNone, token_byte(c)) << c;
  }
}

TEST(Http1Bytes, OnlyFieldBytesInAValue) {
  for (int c = 0; c < 256; ++c) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nX: y", c, "z\r\n\r\n") == Error::kNone, value_byte(c)) << c;
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nX:", c, "z\r\n\r\n") == Error::kNone, value_byte(c)) << c;
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nX: y", c, "\r\n\r\n") == Error::kNone, value_byte(c)) << c;
  }
}

TEST(Http1Bytes, OnlyTokenBytesInAMethod) {
  for (int c = 0; c < 256; ++c)
    EXPECT_EQ(verdict("G", c, "T / HTTP/1.1\r\nHost: a\r\n\r\n") == Error::kNone, token_byte(c)) << c;
}

TEST(Http1Bytes, OnlyVisibleAsciiInATarget) {
  for (int c = 0; c < 256; ++c)
    EXPECT_EQ(verdict("GET /a", c, "b HTTP/1.1\r\nHost: a\r\n\r\n") == Error::kNone, target_byte(c)) << c;
}

TEST(Http1Bytes, OnlyFieldBytesInAReason) {
  for (int c = 0; c < 256; ++c) {
    const std::string stream =
        "HTTP/1.1 200 O" + std::string(1, static_cast<char>(c)) + "K\r\nContent-Length: 0\r\n\r\n";
    EXPECT_EQ(read_responses(stream).error == Error::kNone, value_byte(c)) << c;
  }
}

TEST(Http1Bytes, EveryByteInContent) {
  std::string body;
  for (int c = 0; c < 256; ++c) body += static_cast<char>(c);
  const Transcript plain = read_requests("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 256\r\n\r\n" + body);
  EXPECT_EQ(plain.bodies.at(0), body);
  const Transcript chunked =
      read_requests("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n" + body + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.bodies.at(0), body);
}

// The vector loops against the plain definition: each byte value at each place of texts up to 40 bytes.
TEST(Http1Bytes, VectorLoopsStopWhereTheDefinitionDoes) {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        const std::unique_ptr<char[]> text(new char[size]);  // exactly `size`: reading on is found
        std::memset(text.get(), 'a', size);
        text[at] = static_cast<char>(c);
        const char* const end = text.get() + size;
        const char* const stop = text.get() + at;
        ASSERT_EQ(detail::skip_token(text.get(), end), token_byte(c) ? end : stop)
            << c << " at " << at << " of " << size;
        ASSERT_EQ(detail::skip_value(text.get(), end), value_byte(c) ? end : stop)
            << c << " at " << at << " of " << size;
        ASSERT_EQ(detail::skip_target(text.get(), end), target_byte(c) ? end : stop)
            << c << " at " << at << " of " << size;
      }
    }
  }
}

TEST(Http1Bytes, WritersTakeTheSameBytes) {
  for (int c = 0; c < 256; ++c) {
    const std::string text = "a" + std::string(1, static_cast<char>(c)) + "b";
    std::string out = "before";
    EXPECT_EQ(write_field(out, text, "v") == Error::kNone, token_byte(c)) << c;
    EXPECT_EQ(out != "before", token_byte(c)) << c;
    out = "before";
    EXPECT_EQ(write_field(out, "n", text) == Error::kNone, value_byte(c)) << c;
    EXPECT_EQ(out != "before", value_byte(c)) << c;
    out = "before";
    EXPECT_EQ(write_status_line(out, 200, text) == Error::kNone, value_byte(c)) << c;
    EXPECT_EQ(out != "before", value_byte(c)) << c;
    out = "before";
    const Field host{"Host", "a"};
    EXPECT_EQ(write_request_head(out, text, "/", {&host, 1}) == Error::kNone, token_byte(c)) << c;
    EXPECT_EQ(out != "before", token_byte(c)) << c;
    out = "before";
    EXPECT_EQ(write_request_head(out, "GET", "/" + text, {&host, 1}) == Error::kNone, target_byte(c)) << c;
    EXPECT_EQ(out != "before", target_byte(c)) << c;
    Fields fields;
    EXPECT_EQ(fields.add(text, "v") == Error::kNone, token_byte(c)) << c;
    EXPECT_EQ(fields.size(), token_byte(c) ? 1u : 0u) << c;
    EXPECT_EQ(fields.add("n", text) == Error::kNone, value_byte(c)) << c;
  }
}

}  // namespace
