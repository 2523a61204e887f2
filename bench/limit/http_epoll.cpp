// The limit of an HTTP/1.1 server: it looks for the end of each request and answers a constant. It parses nothing and its
// clock stands still, but it answers what was asked, however the requests are split over reads or gathered in one.
#include <string>
#include <vector>

#include "epoll_server.hpp"

namespace {

constexpr std::string_view kEnd = "\r\n\r\n";
constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\n"
    "Server: limit\r\n"
    "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 13\r\n"
    "\r\n"
    "Hello, World!";
constexpr std::size_t kBatch = 64;

class ConstantAnswer {
 public:
  ConstantAnswer() {
    for (std::size_t i = 0; i < kBatch; ++i) responses_ += kResponse;
  }

  void opened(int fd) {
    if (tails_.size() <= static_cast<std::size_t>(fd)) tails_.resize(static_cast<std::size_t>(fd) + 1);
    tails_[static_cast<std::size_t>(fd)].size = 0;
  }

  void received(int fd, char* data, std::size_t size) {
    Tail& tail = tails_[static_cast<std::size_t>(fd)];
    std::memcpy(data - tail.size, tail.bytes, tail.size);  // into the headroom
    std::string_view unseen{data - tail.size, size + tail.size};
    std::size_t requests = 0;
    for (std::size_t at; (at = unseen.find(kEnd)) != unseen.npos; ++requests) unseen.remove_prefix(at + kEnd.size());

    tail.size = std::min(unseen.size(), kEnd.size() - 1);
    std::memcpy(tail.bytes, unseen.end() - tail.size, tail.size);

    for (; requests > kBatch; requests -= kBatch) bench::send_all(fd, responses_.data(), responses_.size());
    if (requests > 0) bench::send_all(fd, responses_.data(), requests * kResponse.size());
  }

 private:
  // The last bytes read, in case they are the first ones of an end.
  struct Tail {
    std::size_t size = 0;
    char bytes[kEnd.size() - 1];
  };
  std::vector<Tail> tails_;  // by descriptor
  std::string responses_;
};

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port"}};
  bench::serve(arguments.port(), ConstantAnswer{});
}
