// Messages that are accepted, at every split: RFC examples, framing, flags, pipelining.
#include <torc/codec/http1.hpp>

#include "codec/http1_transcript.hpp"

#include <gtest/gtest.h>

namespace {

using namespace torc::codec::http1;
using namespace torc::codec::http1::testing;

// The transcript of `stream` in one piece, after a check that every other way to cut it gives the same.
Transcript read_requests(std::string_view stream, bool finish = true) {
  RequestParser whole;
  const Transcript result = transcribe(whole, {stream}, finish);
  for (std::size_t at = 0; at <= stream.size(); ++at) {
    RequestParser parser;
    EXPECT_EQ(transcribe(parser, split_at(stream, at), finish).text, result.text) << "split at " << at;
  }
  RequestParser parser;
  EXPECT_EQ(transcribe(parser, one_byte_pieces(stream), finish).text, result.text);
  return result;
}

Transcript read_responses(std::string_view stream, std::string_view method = "GET", bool finish = true) {
  auto announce = [&](ResponseParser& parser) { parser.expect_response_to(method); };
  ResponseParser whole;
  const Transcript result = transcribe(whole, {stream}, finish, announce);
  for (std::size_t at = 0; at <= stream.size(); ++at) {
    ResponseParser parser;
    EXPECT_EQ(transcribe(parser, split_at(stream, at), finish, announce).text, result.text) << "split at " << at;
  }
  ResponseParser parser;
  EXPECT_EQ(transcribe(parser, one_byte_pieces(stream), finish, announce).text, result.text);
  return result;
}

TEST(Http1Valid, ReadsTheExampleRequestOfTheRfc) {
  EXPECT_EQ(read_requests("GET /hello.txt HTTP/1.1\r\n"
                          "User-Agent: curl/7.64.1\r\n"
                          "Host: www.example.com\r\n"
                          "Accept-Language: en, mi\r\n\r\n")
                .text,
            "head GET /hello.txt host=www.example.com 1.1 framing=0 keep-alive\n"
            "  User-Agent=curl/7.64.1\n"
            "  Host=www.example.com\n"
            "  Accept-Language=en, mi\n"
            "end\n");
}

TEST(Http1Valid, ReadsTheExampleResponseOfTheRfc) {
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
            "end\nerror the connection ended before the response began\n");
}

}  // namespace
