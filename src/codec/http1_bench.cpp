// What one small request costs: parsing it, writing its response. Prints nanoseconds and allocations for each.
#include <torc/codec/http1.hpp>

#include <chrono>
#include <cstdio>
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

template <class Work>
void measure(const char* name, Work work) {
  using Clock = std::chrono::steady_clock;
  constexpr int kRounds = 200'000;
  for (int i = 0; i < kRounds / 10; ++i) work();
  double best = 1e9;
  std::size_t allocated = 0;
  for (int pass = 0; pass < 7; ++pass) {
    const std::size_t before = allocations;
    const auto start = Clock::now();
    for (int i = 0; i < kRounds; ++i) work();
    const std::chrono::duration<double, std::nano> took = Clock::now() - start;
    best = std::min(best, took.count() / kRounds);
    allocated = allocations - before;
  }
  std::printf("%-52s %8.1f ns %6.2f allocations\n", name, best, static_cast<double>(allocated) / kRounds);
}

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

}  // namespace

int main() {
  std::printf("sizeof: RequestHead %zu, ResponseHead %zu, RequestParser %zu, ResponseParser %zu\n", sizeof(RequestHead),
              sizeof(ResponseHead), sizeof(RequestParser), sizeof(ResponseParser));
  Reader<true> recycling;
  Reader<false> fresh;
  measure("parse small GET, head recycled", [&] { recycling(kSmall); });
  measure("parse small GET, head fresh", [&] { fresh(kSmall); });
  measure("parse browser GET, head recycled", [&] { recycling(kBrowser); });
  measure("parse browser GET, one byte at a time", [&] {
    for (std::size_t i = 0; i < kBrowser.size(); ++i) recycling(kBrowser.substr(i, 1));
  });

  std::string out;
  const Field fields[] = {{"Server", "torc"},
                          {"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                          {"Content-Type", "text/plain; charset=utf-8"},
                          {"Content-Length", "13"}};
  measure("write response head, 4 loose fields", [&] {
    out.clear();
    expect(write_response_head(out, 200, fields));
  });
  Fields owned;
  for (const Field& field : fields) expect(owned.add(field.name, field.value));
  measure("write response head, Fields of 4", [&] {
    out.clear();
    expect(write_response_head(out, 200, owned));
  });
  measure("write response head, piece by piece", [&] {
    out.clear();
    expect(write_status_line(out, 200));
    for (int i = 0; i < 3; ++i) expect(write_field(out, fields[i].name, fields[i].value));
    write_content_length(out, 13);
    write_end_of_head(out);
  });
  measure("small GET: parse and write response head", [&] {
    recycling(kSmall);
    out.clear();
    expect(write_response_head(out, 200, fields));
  });

  std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 100; ++i) chunked += "10\r\n0123456789abcdef\r\n";
  chunked += "0\r\n\r\n";
  RequestParser parser;
  measure("parse 100 chunks of 16 bytes", [&] {
    std::string_view input = chunked;
    while (parser.next(input) != Event::kNeedMore) {
    }
  });
}
