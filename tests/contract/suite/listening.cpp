// Ports: accepting, serving, draining, running out.
#include "net/echo.hpp"
#include "net/test_layers.hpp"
#include "suite/suite.hpp"

#include <torc/async/gather.hpp>

#include <sys/resource.h>

namespace {

using namespace contract;

class Mute : public Protocol {
  void data_received(std::string_view) override {}
};

Deferred<void> trip(Bed& bed, Port& port, std::string text) {
  auto stream = co_await bed.connect(port);
  co_await stream.write(text);
  EXPECT_EQ(co_await stream.read_exactly(text.size()), text);
  stream.close();
}

CASE_IF(listening, "a port serves protocols", has.listens) {
  auto port = bed.listen(factory<EchoProtocol>());
  co_await trip(bed, port, "hello");
}
CASE_IF(listening, "a port serves coroutines", has.listens) {
  auto port = bed.listen(echo);
  co_await trip(bed, port, "hello");
}
CASE_IF(listening, "a port serves many at once", has.listens) {
  auto port = bed.listen(echo);
  std::vector<Deferred<void>> trips;
  for (std::size_t i = 0; i < bed.bytes(50); ++i) trips.push_back(trip(bed, port, std::to_string(i)));
  co_await gather(std::move(trips));
}
CASE_IF(listening, "a port serves two hundred one after another", has.listens) {
  auto port = bed.listen(factory<EchoProtocol>());
  for (std::size_t i = 0; i < bed.bytes(200); ++i) co_await trip(bed, port, "x");
}
CASE_IF(listening, "a port counts its connections", has.listens) {
  auto port = bed.listen(echo);
  EXPECT_EQ(port.connections(), 0u);
  auto one = co_await bed.connect(port);
  auto two = co_await bed.connect(port);
  co_await until([&] { return port.connections() == 2; });
  one.close();
  co_await until([&] { return port.connections() == 1; });
}
CASE_IF(listening, "a factory may refuse", has.listens) {
  struct Nobody : ProtocolFactory {
    std::unique_ptr<Protocol> build() override { return nullptr; }
  };
  auto port = bed.listen(std::make_unique<Nobody>());
  EXPECT(!(co_await as_outcome(trip(bed, port, "x"))));
}
CASE_IF(listening, "a factory that throws refuses and is reported", has.listens) {
  bed.expect_log(1);
  struct Throws : ProtocolFactory {
    std::unique_ptr<Protocol> build() override { throw Error("no more"); }
  };
  auto port = bed.listen(std::make_unique<Throws>());
  EXPECT(!(co_await as_outcome(trip(bed, port, "x"))));
}
CASE_IF(listening, "a handler that throws is reported, the others go on", has.listens) {
  bed.expect_log(1);
  int called = 0;
  auto port = bed.listen([&called](this auto, Stream s) -> Deferred<void> {
    if (++called == 1) throw Error("the first one");
    co_await echo(std::move(s));
  });
  static_cast<void>(co_await as_outcome(trip(bed, port, "first")));
  co_await trip(bed, port, "second");
}
CASE_IF(listening, "a handler's end by a closed connection is no error", has.listens) {
  auto port = bed.listen([](Stream s) -> Deferred<void> { co_await s.read_exactly(10); });
  auto stream = co_await bed.connect(port);
  co_await stream.write("12345");
  stream.close();
  co_await until([&] { return port.connections() == 0; });
}
CASE_IF(listening, "a port that is destroyed cuts its connections", has.listens) {
  std::optional<Port> port = bed.listen(echo);
  auto stream = co_await bed.connect(*port);
  co_await stream.write("x");
  co_await stream.read_exactly(1);
  port.reset();
  auto read = co_await as_outcome(stream.read_some());
  EXPECT(!read || !*read);
}
CASE_IF(listening, "a port that is destroyed refuses", has.listens) {
  std::optional<Port> port = bed.listen(echo);
  const auto where = port->address();
  auto other = bed.listen(echo);
  std::swap(*port, other);
  port.reset();
  co_await trip(bed, other, "still there");
}
CASE_IF(listening, "closing waits for protocols that finish", has.listens) {
  auto port = bed.listen(factory<EchoProtocol>());
  auto stream = co_await bed.connect(port);
  co_await stream.write("x");
  co_await stream.read_exactly(1);
  auto closing = port.close();
  EXPECT(!(co_await stream.read_some()));
  co_await std::move(closing);
  EXPECT_EQ(port.connections(), 0u);
}
CASE_IF(listening, "closing waits for handlers that finish", has.listens) {
  bool serving = false;
  auto port = bed.listen([&serving](this auto, Stream s) -> Deferred<void> {
    co_await s.read_exactly(1);
    serving = true;
    co_await sleep(5ms);
    co_await s.write("done");
  });
  auto stream = co_await bed.connect(port);
  co_await stream.write("x");
  co_await until([&] { return serving; });
  auto closing = port.close();
  EXPECT_EQ(co_await stream.read_exactly(4), "done");
  co_await std::move(closing);
}
CASE_IF(listening, "closing cuts what does not finish within its limit", has.listens) {
  auto port = bed.listen([](Stream s) -> Deferred<void> {
    co_await s.read_exactly(1);
    co_await until_cancelled();
  });
  auto stream = co_await bed.connect(port);
  co_await stream.write("x");
  co_await until([&] { return port.connections() == 1; });
  static_cast<void>(co_await as_outcome(port.close(10ms)));
  EXPECT_EQ(port.connections(), 0u);
}
CASE_IF(listening, "closing twice is allowed", has.listens) {
  auto port = bed.listen(echo);
  auto stream = co_await bed.connect(port);
  co_await until([&] { return port.connections() == 1; });
  auto one = port.close();
  auto two = port.close();
  stream.close();
  co_await std::move(one);
  co_await std::move(two);
}
CASE_IF(listening, "closing an idle port is done at once", has.listens) {
  auto port = bed.listen(echo);
  co_await port.close();
  EXPECT_EQ(port.connections(), 0u);
}
CASE_IF(listening, "the address is the one that was bound", has.listens) {
  auto port = bed.listen(echo);
  auto stream = co_await bed.connect(port);
  EXPECT_EQ(stream.peer().str(), port.address().str());
}
CASE_IF(listening, "a handler may destroy the port", has.listens) {
  std::optional<Port> port;
  bool called = false;
  port.emplace(bed.listen([&](Stream s) {
    called = true;
    s.abort();
    port.reset();
    return succeed();
  }));
  const auto stream = co_await as_outcome(bed.connect(*port));  // may hear of the abort already
  co_await until([&] { return called; });
  EXPECT(!port);
}
CASE_IF(listening, "a protocol may destroy the port", has.listens) {
  struct Ender : Protocol {
    explicit Ender(std::optional<Port>* port) : port(port) {}
    void data_received(std::string_view) override { port->reset(); }
    std::optional<Port>* port;
  };
  std::optional<Port> port;
  port.emplace(bed.listen(factory<Ender>(&port)));
  auto stream = co_await bed.connect(*port);
  co_await stream.write("x");
  static_cast<void>(co_await as_outcome(stream.read_some()));
  EXPECT(!port);
}
CASE_IF(listening, "clients that go at once do no harm", has.listens) {
  bed.expect_log();
  auto port = bed.listen(factory<EchoProtocol>());
  for (int i = 0; i < 50; ++i) {
    auto stream = co_await bed.connect(port);
    stream.abort();
  }
  co_await trip(bed, port, "after them");
}
CASE_IF(listening, "many who wait in the queue are all served", has.listens) {
  auto port = bed.listen(factory<EchoProtocol>());
  std::vector<Deferred<Stream>> connecting;
  for (std::size_t i = 0; i < bed.bytes(300); ++i) connecting.push_back(bed.connect(port));
  auto streams = co_await gather(std::move(connecting));
  for (auto& stream : streams) co_await stream.write("x");
  for (auto& stream : streams) EXPECT_EQ(co_await stream.read_exactly(1), "x");
}
CASE_IF(listening, "limits of the transport hold for each connection", has.listens) {
  auto port = bed.listen(factory<Mute>(), {.high_water = 10, .low_water = 5});
  auto stream = co_await bed.connect(port);
  co_await stream.write(std::string(1000, 'x'));
  co_await until([&] { return stream.unsent() == 0; });
}
CASE_IF(listening, "running out of descriptors refuses some and recovers", has.listens) {
  bed.expect_log();
  auto port = bed.listen(factory<EchoProtocol>());
  std::vector<Stream> streams;
  rlimit before;
  ::getrlimit(RLIMIT_NOFILE, &before);
  // What the wiring needs to connect, and little more.
  const rlimit few{.rlim_cur = 40, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  for (int i = 0; i < 40; ++i) {
    auto stream = co_await as_outcome(with_timeout(100ms, bed.connect(port)));
    if (stream) streams.push_back(*std::move(stream));
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
  streams.clear();
  co_await sleep(60ms);
  co_await trip(bed, port, "again");
}

}  // namespace
