// What one request costs: parsing it, writing the head of its response. Counts allocations beside the time.
#include <torc/codec/http1.hpp>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace torc::codec::http1;

constexpr std::string_view kSmall = "GET /plaintext HTTP/1.1\r\nHost: localhost:8080\r\nAccept: */*\r\n\r\n";

constexpr std::string_view kBrowser =
    "GET /wp-content/uploads/2010/03/hello-kitty-darth-vader-pink.jpg HTTP/1.1\r\n"
    "Host: www.kittyhell.com\r\n"
    "User-Agent: Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; ja-JP-mac; rv:1.9.2.3) Gecko/20100401 "
    "Firefox/3.6.3\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: ja,en-us;q=0.7,en;q=0.3\r\n"
    "Accept-Encoding: gzip,deflate\r\n"
    "Accept-Charset: Shift_JIS,utf-8;q=0.7,*;q=0.7\r\n"
    "Keep-Alive: 115\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: wp_ozh_wsa_visits=2; wp_ozh_wsa_visit_lasttime=xxxxxxxxxx; __utma=xxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx\r\n\r\n";

// The loop of a server that gives its used heads back.
template <bool kRecycle>
struct Reader {
  RequestParser parser;
  RequestHead spare;

  void operator()(std::string_view input) {
    if constexpr (kRecycle) parser.recycle(std::move(spare));
    while (true) {
      switch (parser.next(input)) {
        case Event::kHead: spare = parser.take_head(); break;
        case Event::kEnd: break;
        case Event::kNeedMore: return;
        default: std::abort();
      }
    }
  }
};

void expect(Error error) {
  if (error != Error::kNone) std::abort();
}

// Nanoseconds and allocations of one `work()`.
template <class Work>
void measure(benchmark::State& state, Work work) {
  work();
  const std::size_t before = allocations;
  for (auto _ : state) work();
  state.counters["allocations"] =
      benchmark::Counter(static_cast<double>(allocations - before), benchmark::Counter::kAvgIterations);
}

constexpr Field kFields[] = {{"Server", "torc"},
                             {"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                             {"Content-Type", "text/plain; charset=utf-8"},
                             {"Content-Length", "13"}};

void Http1ParseSmallGet(benchmark::State& state) {
  Reader<true> read;
  measure(state, [&] { read(kSmall); });
}
BENCHMARK(Http1ParseSmallGet);

void Http1ParseSmallGetIntoAFreshHead(benchmark::State& state) {
  Reader<false> read;
  measure(state, [&] { read(kSmall); });
}
BENCHMARK(Http1ParseSmallGetIntoAFreshHead);

void Http1ParseBrowserGet(benchmark::State& state) {
  Reader<true> read;
  measure(state, [&] { read(kBrowser); });
}
BENCHMARK(Http1ParseBrowserGet);

void Http1ParseBrowserGetByteByByte(benchmark::State& state) {
  Reader<true> read;
  measure(state, [&] {
    for (std::size_t i = 0; i < kBrowser.size(); ++i) read(kBrowser.substr(i, 1));
  });
}
BENCHMARK(Http1ParseBrowserGetByteByByte);

void Http1Parse100ChunksOf16Bytes(benchmark::State& state) {
  std::string stream = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 100; ++i) stream += "10\r\n0123456789abcdef\r\n";
  stream += "0\r\n\r\n";
  RequestParser parser;
  measure(state, [&] {
    std::string_view input = stream;
    while (parser.next(input) != Event::kNeedMore) {
    }
  });
}
BENCHMARK(Http1Parse100ChunksOf16Bytes);

void Http1WriteResponseHead(benchmark::State& state) {
  std::string out;
  measure(state, [&] {
    out.clear();
    expect(write_response_head(out, 200, kFields));
  });
}
BENCHMARK(Http1WriteResponseHead);

void Http1WriteResponseHeadOfOwnedFields(benchmark::State& state) {
  std::string out;
  Fields owned;
  for (const Field& field : kFields) expect(owned.add(field.name, field.value));
  measure(state, [&] {
    out.clear();
    expect(write_response_head(out, 200, owned));
  });
}
BENCHMARK(Http1WriteResponseHeadOfOwnedFields);

void Http1WriteResponseHeadPieceByPiece(benchmark::State& state) {
  std::string out;
  measure(state, [&] {
    out.clear();
    expect(write_status_line(out, 200));
    for (int i = 0; i < 3; ++i) expect(write_field(out, kFields[i].name, kFields[i].value));
    write_content_length(out, 13);
    write_end_of_head(out);
  });
}
BENCHMARK(Http1WriteResponseHeadPieceByPiece);

void Http1ParseSmallGetAndWriteResponseHead(benchmark::State& state) {
  Reader<true> read;
  std::string out;
  measure(state, [&] {
    read(kSmall);
    out.clear();
    expect(write_response_head(out, 200, kFields));
  });
}
BENCHMARK(Http1ParseSmallGetAndWriteResponseHead);

}  // namespace
