// Datagrams: UDP over both families and UNIX sockets; once for each poller.
#include "suite/suite.hpp"

#include <torc/net/datagram_socket.hpp>

#include <unistd.h>

#include <sys/stat.h>

#include <array>
#include <string>

namespace {

using namespace contract;

// Where to open: anew each time, and nothing is left behind.
using Where = std::string (*)();
std::string unused_name() {
  static int count = 0;
  return "unix:@torc-contract-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}
constexpr std::array<Where, 3> kFamilies = {
    [] { return std::string("127.0.0.1:0"); },
    [] { return std::string("[::1]:0"); },
    unused_name,
};

// A case of each family.
#define DATAGRAM_CASE(name)                                                        \
  static Deferred<void> CONTRACT_CONCAT(on_, __LINE__)(Bed & bed, Where where);    \
  LOOP_CASE(datagrams, name) {                                                     \
    for (const Where where : kFamilies) co_await CONTRACT_CONCAT(on_, __LINE__)(bed, where); \
  }                                                                                \
  static Deferred<void> CONTRACT_CONCAT(on_, __LINE__)([[maybe_unused]] Bed & bed, Where where)
#define CONTRACT_CONCAT_(a, b) a##b
#define CONTRACT_CONCAT(a, b) CONTRACT_CONCAT_(a, b)

struct Acts {
  std::string said;
  std::function<void(DatagramTransport&, std::string_view, const SocketAddress&)> data;
};
class Acting : public DatagramProtocol {
 public:
  explicit Acting(Acts& acts) : acts_(acts) {}
  void started() override { acts_.said += "started "; }
  void datagram_received(std::string_view data, const SocketAddress& from) override {
    acts_.said += std::string(data.substr(0, 20)) + " ";
    if (acts_.data) acts_.data(transport(), data, from);
  }
  void datagram_cut(std::string_view data, std::size_t size, const SocketAddress&) override {
    acts_.said += "cut " + std::to_string(data.size()) + "/" + std::to_string(size) + " ";
  }
  void stopped(const Failure& reason) override { acts_.said += reason.check<DatagramsStopped>() ? "stopped" : "lost"; }

 private:
  Acts& acts_;
};
DatagramPort serve(Where where, Acts& acts, DatagramOptions options = {}) {
  return listen_datagrams(where(), std::make_unique<Acting>(acts), options);
}

DATAGRAM_CASE("one arrives whole, with who sent it") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  co_await here.send("hello", there.address());
  auto got = co_await there.receive();
  EXPECT(got.data.view() == "hello");
  EXPECT_EQ(got.from.str(), here.address().str());
  EXPECT_EQ(got.size, 5u);
  EXPECT(!got.cut());
}
DATAGRAM_CASE("an answer finds its way back") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  co_await here.send("ping", there.address());
  auto got = co_await there.receive();
  co_await there.send("pong", got.from);
  EXPECT((co_await here.receive()).data.view() == "pong");
}
DATAGRAM_CASE("an empty one is one") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  co_await here.send("", there.address());
  co_await here.send("x", there.address());
  EXPECT_EQ((co_await there.receive()).size, 0u);
  EXPECT_EQ((co_await there.receive()).size, 1u);
}
DATAGRAM_CASE("their borders are kept") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  for (const char* text : {"a", "bc", "def"}) co_await here.send(text, there.address());
  EXPECT((co_await there.receive()).data.view() == "a");
  EXPECT((co_await there.receive()).data.view() == "bc");
  EXPECT((co_await there.receive()).data.view() == "def");
}
DATAGRAM_CASE("a hundred arrive in their order") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  auto sending = [](DatagramSocket& from, SocketAddress to) -> Deferred<void> {
    for (int i = 0; i < 100; ++i) co_await from.send(std::to_string(i), to);
  }(here, there.address());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(std::string((co_await there.receive()).data.view()), std::to_string(i));
  co_await std::move(sending);
}
DATAGRAM_CASE("a longer one than was allowed is cut and says so") {
  auto here = open_datagrams(where());
  auto there = open_datagrams(where(), {.max_datagram = 10});
  co_await here.send(std::string(25, 'x'), there.address());
  auto got = co_await there.receive();
  EXPECT(got.cut());
  EXPECT_EQ(got.size, 25u);
  EXPECT_EQ(got.data.size(), 10u);
  EXPECT_EQ(there.transport().counts().cut, 1u);
}
DATAGRAM_CASE("a protocol is told of a cut one instead of getting it") {
  Acts acts;
  auto port = serve(where, acts, {.max_datagram = 4});
  auto here = open_datagrams(where());
  co_await here.send("123456", port.address());
  co_await until([&] { return acts.said.contains("cut"); });
  EXPECT_EQ(acts.said, "started cut 4/6 ");
}
DATAGRAM_CASE("several who wait are served in their order") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  auto first = there.receive(), second = there.receive();
  co_await here.send("1", there.address());
  co_await here.send("2", there.address());
  EXPECT((co_await std::move(second)).data.view() == "2");
  EXPECT((co_await std::move(first)).data.view() == "1");
}
DATAGRAM_CASE("dropping a receive loses none") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  { auto dropped = there.receive(); }
  co_await here.send("kept", there.address());
  EXPECT((co_await there.receive()).data.view() == "kept");
}
DATAGRAM_CASE("a receive that has one and is dropped gives it to the next") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  {
    auto dropped = there.receive();
    co_await here.send("kept", there.address());
    co_await until([&] { return !dropped.pending(); });
  }
  EXPECT((co_await there.receive()).data.view() == "kept");
}
DATAGRAM_CASE("a receive that is cancelled says so, and none is lost") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  auto waiting = there.receive();
  waiting.cancel();
  EXPECT((co_await as_outcome(std::move(waiting))).error().check<Cancelled>());
  co_await here.send("kept", there.address());
  EXPECT((co_await there.receive()).data.view() == "kept");
}
DATAGRAM_CASE("closing ends who waits") {
  auto socket = open_datagrams(where());
  auto waiting = socket.receive();
  socket.close();
  EXPECT((co_await as_outcome(std::move(waiting))).error().check<DatagramsStopped>());
}
DATAGRAM_CASE("what is sent after closing is refused") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  here.close();
  EXPECT((co_await as_outcome(here.send("x", there.address()))).error().check<DatagramsStopped>());
}
DATAGRAM_CASE("a connected one needs no address") {
  auto there = open_datagrams(where());
  auto here = connect_datagrams(there.address());
  co_await here.send("hello");
  auto got = co_await there.receive();
  co_await there.send("back", got.from);
  EXPECT((co_await here.receive()).data.view() == "back");
}
DATAGRAM_CASE("a protocol hears started, what comes, and stopped") {
  Acts acts;
  auto port = serve(where, acts);
  auto here = open_datagrams(where());
  co_await here.send("a", port.address());
  co_await here.send("b", port.address());
  co_await until([&] { return acts.said == "started a b "; });
  co_await port.close();
  EXPECT_EQ(acts.said, "started a b stopped");
}
DATAGRAM_CASE("stopped is not told from inside of close") {
  Acts acts;
  auto port = serve(where, acts);
  auto closing = port.close();
  EXPECT_EQ(acts.said, "started ");
  co_await std::move(closing);
  EXPECT_EQ(acts.said, "started stopped");
}
DATAGRAM_CASE("a port that is destroyed calls nobody") {
  Acts acts;
  { auto port = serve(where, acts); }
  co_await sleep(2ms);
  EXPECT_EQ(acts.said, "started ");
}
DATAGRAM_CASE("a protocol may answer inside of the call") {
  Acts acts;
  acts.data = [](DatagramTransport& t, std::string_view data, const SocketAddress& from) { t.send(data, from); };
  auto port = serve(where, acts);
  auto here = open_datagrams(where());
  co_await here.send("echo", port.address());
  EXPECT((co_await here.receive()).data.view() == "echo");
}
DATAGRAM_CASE("a protocol may destroy its port inside of the call") {
  Acts acts;
  std::optional<DatagramPort> port;
  acts.data = [&](DatagramTransport&, std::string_view, const SocketAddress&) { port.reset(); };
  port.emplace(serve(where, acts));
  auto here = open_datagrams(where());
  co_await here.send("x", port->address());
  co_await until([&] { return !port; });
  co_await sleep(2ms);
  EXPECT_EQ(acts.said, "started x ");
}
DATAGRAM_CASE("a protocol that throws is reported and goes on") {
  bed.expect_log(1);
  Acts acts;
  acts.data = [](DatagramTransport&, std::string_view data, const SocketAddress&) {
    if (data == "bad") throw Error("no such verb");
  };
  auto port = serve(where, acts);
  auto here = open_datagrams(where());
  co_await here.send("bad", port.address());
  co_await here.send("good", port.address());
  co_await until([&] { return acts.said.ends_with("good "); });
  bed.expect_log(3);  // one a family
}
DATAGRAM_CASE("paused, a protocol hears nothing until it resumes") {
  Acts acts;
  auto port = serve(where, acts);
  port.transport().pause_reading();
  auto here = open_datagrams(where());
  co_await here.send("waits", port.address());
  co_await sleep(5ms);
  EXPECT_EQ(acts.said, "started ");
  port.transport().resume_reading();
  co_await until([&] { return acts.said == "started waits "; });
}
DATAGRAM_CASE("what is sent under a cork leaves at its end, in order") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  {
    const auto cork = here.transport().cork();
    for (int i = 0; i < 20; ++i) EXPECT(here.transport().send(std::to_string(i), there.address()));
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(std::string((co_await there.receive()).data.view()), std::to_string(i));
}
DATAGRAM_CASE("they are counted") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  for (int i = 0; i < 3; ++i) co_await here.send("x", there.address());
  for (int i = 0; i < 3; ++i) static_cast<void>(co_await there.receive());
  EXPECT_EQ(here.transport().counts().sent, 3u);
  EXPECT_EQ(there.transport().counts().received, 3u);
}
DATAGRAM_CASE("one too long for anything is refused, the next goes") {
  auto here = open_datagrams(where()), there = open_datagrams(where());
  here.on_send_failed([](const SocketAddress&, const Failure&) {});
  static_cast<void>(co_await as_outcome(here.send(std::string(2 << 20, 'x'), there.address())));
  co_await here.send("small", there.address());
  EXPECT((co_await there.receive()).data.view() == "small");
}
LOOP_CASE(datagrams, "a refusal reaches a connected socket once, and it goes on") {
  auto gone = std::make_optional(open_datagrams("127.0.0.1:0"));
  auto here = connect_datagrams(gone->address());
  gone.reset();
  co_await here.send("x");
  EXPECT((co_await as_outcome(here.receive())).error().check<DatagramRefused>());
  auto waiting = here.receive();
  co_await sleep(2ms);
  EXPECT(waiting.pending());
}
LOOP_CASE(datagrams, "an address in use is refused by name") {
  auto one = open_datagrams("127.0.0.1:0");
  try {
    auto two = open_datagrams(one.address());
    throw CaseFailed("two sockets have one address");
  } catch (const CannotListen& error) {
    EXPECT(std::string_view(error.what()).contains(std::to_string(one.address().port())));
  }
  co_return;
}
LOOP_CASE(datagrams, "a name instead of an address is refused") {
  bool refused = false;
  try {
    auto socket = open_datagrams("no such address");
  } catch (const Error&) {
    refused = true;
  }
  EXPECT(refused);
  co_return;
}
LOOP_CASE(datagrams, "a UNIX path is removed with its socket") {
  const std::string path = "/tmp/torc-contract-" + std::to_string(::getpid()) + ".sock";
  struct stat status;
  {
    auto socket = open_datagrams("unix:" + path, {.mode = 0600});
    EXPECT(::stat(path.c_str(), &status) == 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
  }
  co_await sleep(1ms);
  EXPECT(::stat(path.c_str(), &status) != 0);
}
LOOP_CASE(datagrams, "a UNIX path in use is not taken over") {
  const std::string where = "unix:/tmp/torc-contract-" + std::to_string(::getpid()) + ".sock";
  auto one = open_datagrams(where), here = open_datagrams(unused_name());
  bool refused = false;
  try {
    auto two = open_datagrams(where);
  } catch (const CannotListen&) {
    refused = true;
  }
  EXPECT(refused);
  co_await here.send("still there", one.address());
  EXPECT((co_await one.receive()).data.view() == "still there");
}
LOOP_CASE(datagrams, "one socket for both families shows IPv4 peers as such") {
  auto both = open_datagrams("[::]:0");
  auto here = open_datagrams("127.0.0.1:0");
  co_await here.send("x", SocketAddress(IpAddress::loopback_v4(), both.address().port()));
  EXPECT_EQ((co_await both.receive()).from.str(), here.address().str());
}
LOOP_CASE(datagrams, "who asked for it learns where one arrived") {
  auto there = open_datagrams("0.0.0.0:0", {.want_arrival = true});
  auto here = open_datagrams("127.0.0.1:0");
  co_await here.send("x", SocketAddress(IpAddress::loopback_v4(), there.address().port()));
  auto got = co_await there.receive();
  EXPECT_EQ(got.arrival.destination.str(), "127.0.0.1");
  EXPECT(got.arrival.interface != 0);
}
LOOP_CASE(datagrams, "the reactor's stop ends who waits for one") {
  auto socket = open_datagrams("127.0.0.1:0");
  auto told = socket.receive().then_outcome([](Outcome<Datagram> outcome) {
    EXPECT((outcome.error().check<ReactorStopped, Cancelled>()));
  });
  bed.reactor.stop();
  co_await std::move(told);
}

}  // namespace
