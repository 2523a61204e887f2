// Requests that are accepted, at every split: RFC examples, forms of the target, framing, flags, pipelining.
#include "codec/http1_every_split.hpp"

namespace {

using namespace torc::codec::http1;
using namespace torc::codec::http1::testing;

// The head of a stream that is one valid request.
RequestHead head_of(std::string_view stream) {
  EXPECT_EQ(describe(read_requests(stream).error), describe(Error::kNone)) << stream;
  RequestParser parser;
  EXPECT_EQ(parser.next(stream), Event::kHead);
  return parser.take_head();
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

TEST(Http1Valid, ReadsTheFourFormsOfTheTarget) {
  struct {
    std::string_view line, path, query, host;
  } const cases[] = {
      {"GET /where?q=now", "/where", "q=now", "field"},
      {"GET /", "/", "", "field"},
      {"GET //a//b", "//a//b", "", "field"},
      {"GET /?", "/", "", "field"},
      {"GET /a?b?c", "/a", "b?c", "field"},
      {"GET /a{b}|c\"<d>\\^`", "/a{b}|c\"<d>\\^`", "", "field"},
      {"GET /%00%0d%0a", "/%00%0d%0a", "", "field"},
      {"GET http://www.example.org/pub/TheProject.html", "/pub/TheProject.html", "", "www.example.org"},
      {"GET HTTPS://a:443?x", "/", "x", "a:443"},
      {"OPTIONS http://www.example.org:8001", "/", "", "www.example.org:8001"},
      {"GET http://[2001:db8::1]:80/", "/", "", "[2001:db8::1]:80"},
      {"GET /http://b/", "/http://b/", "", "field"},
      {"CONNECT www.example.com:80", "", "", "www.example.com:80"},
      {"CONNECT [::1]:65535", "", "", "[::1]:65535"},
      {"OPTIONS *", "*", "", "field"},
      {"connect /", "/", "", "field"},
  };
  for (const auto& c : cases) {
    const RequestHead head = head_of(std::string(c.line) + " HTTP/1.1\r\nHost: field\r\n\r\n");
    EXPECT_EQ(head.path(), c.path) << c.line;
    EXPECT_EQ(head.query(), c.query) << c.line;
    EXPECT_EQ(head.host(), c.host) << c.line;
  }
}

TEST(Http1Valid, TakesEveryValidHost) {
  for (std::string_view host : {"", "a", "A.b-c_d.example", "127.0.0.1", "localhost:8080", "a:", "a:0", "a:65535",
                                "[::1]", "[::1]:80", "[fe80::1]:", "[v1.a:b]", "%C3%A4.example", "a!$&'()*+,;=~"}) {
    EXPECT_EQ(head_of("GET / HTTP/1.1\r\nHost:" + std::string(host) + "\r\n\r\n").host(), host);
  }
  EXPECT_EQ(head_of("GET / HTTP/1.0\r\n\r\n").host(), "");
}

TEST(Http1Valid, TrimsValuesAndKeepsWhatIsInside) {
  const RequestHead head = head_of(
      "GET / HTTP/1.1\r\nHost: \t a \t \r\nEmpty:\r\nSpaces:  \t  \r\nInside:a  b\tc\r\nColons: :a:b:\r\nLatin: "
      "\xe4\xff\x80\r\n\r\n");
  EXPECT_EQ(head.find("host"), "a");
  EXPECT_EQ(head.find("EMPTY"), "");
  EXPECT_EQ(head.find("spaces"), "");
  EXPECT_EQ(head.find("inside"), "a  b\tc");
  EXPECT_EQ(head.find("colons"), ":a:b:");
  EXPECT_EQ(head.find("latin"), "\xe4\xff\x80");
  EXPECT_EQ(head.find("absent"), std::nullopt);
}

TEST(Http1Valid, KeepsFieldsInOrderWithTheirSpelling) {
  const RequestHead head = head_of("GET / HTTP/1.1\r\nhOsT: a\r\nX-A: 1\r\nx-b: 2\r\nx-a: 3\r\n\r\n");
  ASSERT_EQ(head.fields().size(), 4u);
  EXPECT_EQ(head.fields()[0].name, "hOsT");
  EXPECT_EQ(head.fields()[3].name, "x-a");
  EXPECT_EQ(head.all("X-a"), (std::vector<std::string_view>{"1", "3"}));
  std::string names;
  for (const Field field : head.fields()) names += field.name;
  EXPECT_EQ(names, "hOsTX-Ax-bx-a");
}

TEST(Http1Valid, KnowsWhetherTheConnectionStays) {
  struct {
    std::string_view version, connection;
    bool stays;
  } const cases[] = {
      {"1.1", "", true},
      {"1.1", "Connection: close\r\n", false},
      {"1.1", "Connection: CLOSE\r\n", false},
      {"1.1", "Connection: a, close ,b\r\n", false},
      {"1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
      {"1.1", "Connection: closed\r\n", true},
      {"1.1", "Connection: ,\r\n", true},
      {"1.0", "", false},
      {"1.0", "Connection: keep-alive\r\n", true},
      {"1.0", "Connection: Keep-Alive, x\r\n", true},
      {"1.0", "Connection: keep-alive, close\r\n", false},
  };
  for (const auto& c : cases) {
    const std::string stream =
        "GET / HTTP/" + std::string(c.version) + "\r\nHost: a\r\n" + std::string(c.connection) + "\r\n";
    EXPECT_EQ(head_of(stream).keep_alive(), c.stays) << stream;
  }
}

TEST(Http1Valid, KnowsWhenTheClientWaitsForContinue) {
  EXPECT_TRUE(head_of("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n").expect_continue());
  EXPECT_FALSE(head_of("PUT / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").expect_continue());
  EXPECT_FALSE(head_of("PUT / HTTP/1.1\r\nHost: a\r\nExpect: something\r\n\r\n").expect_continue());
}

TEST(Http1Valid, KnowsAnUpgrade) {
  const std::string base = "GET /chat HTTP/1.1\r\nHost: a\r\n";
  EXPECT_TRUE(head_of(base + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n").upgrade());
  EXPECT_TRUE(head_of(base + "Upgrade: websocket\r\nConnection: keep-alive, upgrade\r\n\r\n").upgrade());
  EXPECT_FALSE(head_of(base + "Connection: Upgrade\r\n\r\n").upgrade());
  EXPECT_FALSE(head_of(base + "Upgrade: websocket\r\n\r\n").upgrade());
  EXPECT_FALSE(head_of("GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").upgrade());
}

TEST(Http1Valid, FramesContent) {
  EXPECT_EQ(head_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").framing(), Framing::kLength);
  EXPECT_EQ(head_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n").framing(), Framing::kNone);
  EXPECT_EQ(head_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n").content_length(), std::nullopt);
  const Transcript result = read_requests(
      "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\n\r\nhello"
      "POST /b HTTP/1.0\r\nContent-Length:\t3 \r\n\r\n\r\n\r"
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ChunkeD\r\n\r\n2\r\n\r\n\r\n0\r\n\r\n"
      "GET /d HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(result.error, Error::kNone);
  EXPECT_EQ(result.bodies, (std::vector<std::string>{"hello", "\r\n\r", "\r\n", "x"}));
}

TEST(Http1Valid, SkipsOneEmptyLineBeforeEachRequest) {
  const Transcript result = read_requests(
      "\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n");
  EXPECT_EQ(result.error, Error::kNone);
  EXPECT_EQ(result.ends, 2);
}

TEST(Http1Valid, ReadsAHundredPipelinedRequestsEachWithItsContent) {
  std::string stream;
  for (int i = 0; i < 100; ++i) {
    const std::string body(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26));
    stream += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body;
  }
  RequestParser whole;
  const Transcript expected = transcribe(whole, {stream});
  EXPECT_EQ(expected.ends, 100);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(expected.bodies.at(static_cast<std::size_t>(i)),
              std::string(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26)));
  for (std::size_t size : {1u, 2u, 3u, 7u, 64u, 1000u}) {
    Pieces pieces;
    for (std::size_t at = 0; at < stream.size(); at += size)
      pieces.push_back(std::string_view(stream).substr(at, size));
    RequestParser parser;
    EXPECT_EQ(transcribe(parser, pieces).text, expected.text) << size;
  }
}

TEST(Http1Valid, LeavesWhatFollowsAMessageInTheInput) {
  RequestParser parser;
  std::string_view input = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n\x16\x03";
  EXPECT_EQ(parser.next(input), Event::kHead);
  EXPECT_EQ(parser.next(input), Event::kEnd);
  EXPECT_EQ(input, "\x16\x03");
}

TEST(Http1Valid, HandsOverAHeadThatOutlivesParserAndInput) {
  RequestHead head;
  {
    auto input =
        std::make_unique<std::string>("GET /long/enough/to/be/allocated HTTP/1.1\r\nHost: example.com\r\n\r\n");
    RequestParser parser;
    std::string_view view = *input;
    EXPECT_EQ(parser.next(view), Event::kHead);
    head = parser.take_head();
    EXPECT_TRUE(parser.head().fields().empty());
    EXPECT_EQ(parser.next(view), Event::kEnd);
  }
  const RequestHead moved = std::move(head);
  EXPECT_EQ(moved.target(), "/long/enough/to/be/allocated");
  EXPECT_EQ(moved.host(), "example.com");
}

TEST(Http1Valid, HoldsNoMemoryBetweenMessages) {
  RequestParser parser;
  for (int i = 0; i < 3; ++i) {
    std::string_view input =
        "POST /path HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n";
    while (parser.next(input) != Event::kNeedMore) {
    }
    EXPECT_EQ(parser.head().fields().capacity(), 0u);
    EXPECT_EQ(parser.trailers().capacity(), 0u);
  }
}

TEST(Http1Valid, ReusesTheMemoryOfAUsedHead) {
  RequestParser parser;
  constexpr std::string_view kRequest = "GET /long/enough/to/be/allocated HTTP/1.1\r\nHost: example.com\r\n\r\n";
  std::string_view input = kRequest;
  EXPECT_EQ(parser.next(input), Event::kHead);
  RequestHead head = parser.take_head();
  EXPECT_EQ(parser.next(input), Event::kEnd);
  const void* block = head.method().data();
  parser.recycle(std::move(head));
  input = kRequest;
  EXPECT_EQ(parser.next(input), Event::kHead);
  EXPECT_EQ(static_cast<const void*>(parser.head().method().data()), block);
  EXPECT_EQ(parser.head().fields().size(), 1u);
}

}  // namespace
