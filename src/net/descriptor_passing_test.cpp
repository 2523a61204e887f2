// Descriptors over UNIX sockets: what comes, in which order, and what bounds it.
#include <torc/net/connect.hpp>

#include "net/on_reactor.hpp"
#include "net/scratch_folder.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/net/connection.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

UniqueFd temporary_file(std::string_view content) {
  UniqueFd file(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  EXPECT_EQ(::write(file.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
  return file;
}

std::string content_of(const UniqueFd& file) {
  char buffer[64];
  const auto size = ::pread(file.get(), buffer, sizeof buffer, 0);
  return size < 0 ? "not a file" : std::string(buffer, static_cast<std::size_t>(size));
}

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

// A port at a UNIX socket whose only client is `client`.
struct Pair {
  template <class Served>
  static Deferred<Pair> make(Served served) {
    Pair pair;
    pair.port.emplace(Port::serve(ListeningSocket::unix_socket(pair.folder->socket("s")), std::move(served)));
    pair.client.emplace(co_await connect_unix(pair.port->address()));
    co_return std::move(pair);
  }
  std::unique_ptr<ScratchFolder> folder = std::make_unique<ScratchFolder>();
  std::optional<Port> port;
  std::optional<Stream> client;
};

TEST(Descriptors, ComeBeforeTheByteTheyWereSentOn) {
  on_reactor([]() -> Deferred<void> {
    auto pair = co_await Pair::make([](Stream s) -> Deferred<void> {
      co_await s.write("before");
      co_await s.send_descriptor(temporary_file("one"), "1");
      co_await s.write("between");
      co_await s.send_descriptor(temporary_file("two"), "2 and more");
    });
    auto& client = *pair.client;
    client.accept_descriptors();
    EXPECT_EQ(co_await client.read_exactly(6), "before");
    const auto one = co_await client.receive_descriptor();
    EXPECT_EQ(content_of(one), "one");
    EXPECT_EQ(::fcntl(one.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    EXPECT_EQ(co_await client.read_exactly(8), "1between");
    EXPECT_EQ(content_of(co_await client.receive_descriptor()), "two");
    EXPECT_EQ(co_await client.read_exactly(10), "2 and more");
    auto none = co_await as_outcome(client.receive_descriptor());
    EXPECT_TRUE(none.error().check<IncompleteRead>()) << none.error().message();
  });
}

// Says what it is told, in order.
class Teller : public Protocol {
 public:
  explicit Teller(std::string* said) : said_(said) {}
  void connection_made() override { transport().accept_descriptors(); }
  void descriptor_received(UniqueFd descriptor) override { *said_ += "<" + content_of(descriptor) + ">"; }
  void data_received(std::string_view data) override { *said_ += data; }

 private:
  std::string* said_;
};

TEST(Descriptors, OfAProtocolComeBeforeTheirBytesAndBehindThoseOfTheLast) {
  on_reactor([]() -> Deferred<void> {
    auto pair = co_await Pair::make([](Stream s) -> Deferred<void> {
      for (const char* each : {"a", "b", "c"}) {
        co_await s.write("-");
        co_await s.send_descriptor(temporary_file(each), each);
      }
      co_await s.write("-");
    });
    std::string said;
    auto connection = Connection::serve(*std::move(pair.client), std::make_unique<Teller>(&said));
    co_await connection.closed();
    // What was sent just ahead may come together with a descriptor.
    const auto place = [&](const char* of) { return said.find(of); };
    EXPECT_EQ(said.size(), std::string("-<a>a-<b>b-<c>c-").size()) << said;
    EXPECT_LT(place("<a>"), said.find('a', place("<a>") + 3)) << said;
    EXPECT_LT(said.find('a', place("<a>") + 3), place("<b>")) << said;
    EXPECT_LT(said.find('b', place("<b>") + 3), place("<c>")) << said;
    EXPECT_TRUE(said.ends_with("c-")) << said;
  });
}

TEST(Descriptors, WaitTheirTurnBehindAFullQueue) {
  on_reactor([]() -> Deferred<void> {
    auto pair = co_await Pair::make([](Stream s) -> Deferred<void> {
      const std::string block(1'000'000, 'x');
      auto first = s.write(block);  // more than the socket takes
      EXPECT_GT(s.unsent(), 0u);
      auto second = s.send_descriptor(temporary_file("late"), std::string(300'000, 'y'));
      auto third = s.write("z");
      co_await std::move(first);
      co_await std::move(second);
      co_await std::move(third);
    });
    auto& client = *pair.client;
    client.accept_descriptors();
    EXPECT_EQ(co_await client.read_exactly(1'000'000), std::string(1'000'000, 'x'));
    EXPECT_EQ(content_of(co_await client.receive_descriptor()), "late");
    EXPECT_EQ(co_await client.read_exactly(300'001), std::string(300'000, 'y') + "z");
  });
}

TEST(Descriptors, ThatNobodyAcceptsAreClosedAndStopNoByte) {
  on_reactor([]() -> Deferred<void> {
    auto pair = co_await Pair::make([](Stream s) -> Deferred<void> {
      for (int i = 0; i < 20; ++i) {
        co_await s.send_descriptor(temporary_file("x"), "with");
        co_await s.write("out");
      }
      co_await s.read_some();
    });
    EXPECT_EQ(co_await pair.client->read_exactly(1), "w");
    const auto before = open_descriptors();
    std::string expected = "ithout";
    for (int i = 1; i < 20; ++i) expected += "without";
    EXPECT_EQ(co_await pair.client->read_exactly(expected.size()), expected);
    EXPECT_EQ(open_descriptors(), before);
  });
}

TEST(Descriptors, TooManyThatNobodyTakesCutTheConnection) {
  on_reactor([]() -> Deferred<void> {
    auto pair = co_await Pair::make([](Stream s) -> Deferred<void> {
      for (int i = 0; i < 65; ++i) co_await s.send_descriptor(temporary_file("x"), "x");
      co_await s.read_some();
    });
    pair.client->accept_descriptors();
    auto read = co_await as_outcome(pair.client->read_exactly(100));
    EXPECT_TRUE(read.error().check<BufferFull>()) << read.error().message();
  });
}

TEST(Descriptors, BytesWithoutOneEndTheWaitAtALimit) {
  on_reactor([]() -> Deferred<void> {
    auto pair = co_await Pair::make([](Stream s) -> Deferred<void> {
      while (s.open()) co_await s.write(std::string(10'000, 'x'));
    });
    auto none = co_await as_outcome(pair.client->receive_descriptor());
    EXPECT_TRUE(none.error().check<LimitExceeded>()) << none.error().message();
    EXPECT_EQ(co_await pair.client->read_exactly(10'000), std::string(10'000, 'x')) << "no byte is lost";
  });
}

TEST(Descriptors, RunningOutOfThemCutsTheConnection) {
  on_reactor([]() -> Deferred<void> {
    auto pair = co_await Pair::make([](Stream s) -> Deferred<void> {
      auto file = temporary_file("x");
      co_await s.write("ready");
      co_await s.read_some();
      co_await s.send_descriptor(std::move(file), "x");
      const UniqueFd last(::open("/dev/null", O_RDONLY | O_CLOEXEC));  // in the place of what was sent
      co_await s.read_some();
    });
    pair.client->accept_descriptors();
    EXPECT_EQ(co_await pair.client->read_exactly(5), "ready");
    rlimit before;
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit few{.rlim_cur = 64, .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    std::vector<UniqueFd> all;
    for (;;) {
      UniqueFd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!one) break;
      all.push_back(std::move(one));
    }
    co_await pair.client->write("go");
    auto none = co_await as_outcome(pair.client->receive_descriptor());
    all.clear();
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(none ? "it came" : none.error().message(), "connection lost: Too many open files");
  });
}

TEST(Descriptors, PassOnlyOverUnixSockets) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(ListeningSocket::tcp(SocketAddress(IpAddress::loopback_v4(), 0)),
                            [](Stream s) -> Deferred<void> { co_await s.read_some(); });
    auto stream = co_await connect_tcp(port.address());
    auto sent = co_await as_outcome(stream.send_descriptor(temporary_file("x"), "x"));
    EXPECT_EQ(sent.error().message(), "descriptors pass only over UNIX sockets, without TLS");
    auto received = co_await as_outcome(stream.receive_descriptor());
    EXPECT_EQ(received.error().message(), "descriptors pass only over UNIX sockets, without TLS");
    EXPECT_TRUE(stream.open());
  });
}

TEST(Descriptors, DroppedWaitsAndStreamsLeaveNothingOpen) {
  const auto before = open_descriptors();
  for (int turns = 0; turns < 12; ++turns) {
    on_reactor([turns]([[maybe_unused]] this auto self) -> Deferred<void> {
      auto pair = co_await Pair::make([](Stream s) -> Deferred<void> {
        for (int i = 0; i < 5; ++i) {
          co_await s.send_descriptor(temporary_file("x"), std::string(10, 'x'));
          co_await sleep(0ms);
        }
        co_await s.read_some();
      });
      pair.client->accept_descriptors();
      auto waiting = pair.client->receive_descriptor();
      for (int i = 0; i < turns; ++i) co_await sleep(0ms);
      switch (turns % 3) {
        case 0: { const auto dropped = std::move(waiting); } break;
        case 1:
          pair.client.reset();
          static_cast<void>(co_await as_outcome(std::move(waiting)));
          break;
        case 2: pair.port.reset(); break;
      }
      co_await sleep(0ms);
    });
  }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace torc
