// Protocols: the order of their calls, and what they may do inside one.
#include "suite/fixtures.hpp"

#include <torc/net/connection.hpp>
#include <torc/net/layer.hpp>

#include <functional>

namespace {

using namespace contract;

// What a case wants done in each call.
struct Acts {
  std::function<void(Protocol&)> made, end, lost, full, empty, drained;
  std::function<void(Protocol&, std::string_view)> data;
  std::string said;

  void say(const char* what) { said += (said.empty() ? "" : " ") + std::string(what); }
};

class Acting : public Protocol {
 public:
  explicit Acting(Acts& acts) : acts_(acts) {}
  void connection_made() override {
    acts_.say("made");
    if (acts_.made) acts_.made(*this);
  }
  void data_received(std::string_view data) override {
    if (acts_.data) acts_.data(*this, data);
  }
  void end_received() override {
    acts_.say("end");
    acts_.end ? acts_.end(*this) : Protocol::end_received();
  }
  void connection_lost(const Failure& reason) override {
    acts_.say(reason.check<ConnectionDone>() ? "done" : reason.check<ConnectionAborted>() ? "aborted" : "lost");
    if (acts_.lost) acts_.lost(*this);
  }
  void pause_writing() override {
    acts_.say("full");
    if (acts_.full) acts_.full(*this);
  }
  void resume_writing() override {
    acts_.say("empty");
    if (acts_.empty) acts_.empty(*this);
  }
  void drain() override {
    acts_.say("drain");
    acts_.drained ? acts_.drained(*this) : Protocol::drain();
  }

 private:
  Acts& acts_;
};

Connection serve(Stream stream, Acts& acts) {
  return Connection::serve(std::move(stream), std::make_unique<Acting>(acts));
}

CASE_IF(protocol, "hears made, its bytes, the end, and that it is done", has.ends_after_bytes) {
  auto ends = co_await bed.connected();
  Acts acts;
  std::string got;
  acts.data = [&](Protocol&, std::string_view data) { got += data; };
  auto connection = serve(std::move(ends.here), acts);
  co_await ends.there.write("hello");
  ends.there.close();
  co_await connection.closed();
  EXPECT_EQ(got, "hello");
  EXPECT_EQ(acts.said, "made end done");
}
CASE(protocol, "may write when it is made") {
  auto ends = co_await bed.connected();
  Acts acts;
  acts.made = [](Protocol& p) { p.transport().write("greeting"); };
  auto connection = serve(std::move(ends.here), acts);
  EXPECT_EQ(co_await ends.there.read_exactly(8), "greeting");
}
CASE(protocol, "may close when it is made") {
  auto ends = co_await bed.connected();
  Acts acts;
  acts.made = [](Protocol& p) {
    p.transport().write("bye");
    p.transport().close();
  };
  auto connection = serve(std::move(ends.here), acts);
  EXPECT_EQ(co_await all(ends.there), "bye");
  co_await connection.closed();
  EXPECT_EQ(acts.said, "made done");
}
CASE(protocol, "may abort when it is made") {
  auto ends = co_await bed.connected();
  Acts acts;
  acts.made = [](Protocol& p) { p.transport().abort(); };
  auto connection = serve(std::move(ends.here), acts);
  static_cast<void>(co_await as_outcome(connection.closed()));
  EXPECT_EQ(acts.said, "made aborted");
}
CASE(protocol, "echoes") {
  auto ends = co_await bed.connected();
  Acts acts;
  acts.data = [](Protocol& p, std::string_view data) { p.transport().write(data); };
  auto connection = serve(std::move(ends.here), acts);
  for (int i = 0; i < 100; ++i) {
    co_await ends.there.write("marco");
    EXPECT_EQ(co_await ends.there.read_exactly(5), "marco");
  }
}
CASE(protocol, "echoes much more than the marks") {
  auto ends = co_await bed.connected();
  Acts acts;
  acts.data = [](Protocol& p, std::string_view data) { p.transport().write(data); };
  auto connection = serve(std::move(ends.here), acts);
  const std::size_t size = bed.bytes(2 << 20);
  auto writing = ends.there.write(std::string(size, 'x'));
  EXPECT_EQ((co_await ends.there.read_exactly(size)).size(), size);
  co_await std::move(writing);
}
CASE(protocol, "hears no byte after it closed") {
  auto ends = co_await bed.connected();
  Acts acts;
  int calls = 0;
  acts.data = [&](Protocol& p, std::string_view) {
    ++calls;
    p.transport().close();
  };
  auto connection = serve(std::move(ends.here), acts);
  for (int i = 0; i < 20; ++i) static_cast<void>(co_await as_outcome(ends.there.write("x")));
  static_cast<void>(co_await as_outcome(connection.closed()));
  EXPECT_EQ(calls, 1);
}
CASE(protocol, "hears no byte after it aborted") {
  auto ends = co_await bed.connected();
  Acts acts;
  int calls = 0;
  acts.data = [&](Protocol& p, std::string_view) {
    ++calls;
    p.transport().abort();
  };
  auto connection = serve(std::move(ends.here), acts);
  co_await ends.there.write("x");
  auto closed = co_await as_outcome(connection.closed());
  EXPECT(closed.error().check<ConnectionAborted>());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(acts.said, "made aborted");
}
CASE(protocol, "that throws is cut off, with what it threw") {
  bed.expect_log(1);
  auto ends = co_await bed.connected();
  Acts acts;
  acts.data = [](Protocol&, std::string_view) { throw Error("no such verb"); };
  auto connection = serve(std::move(ends.here), acts);
  co_await ends.there.write("x");
  auto closed = co_await as_outcome(connection.closed());
  EXPECT_EQ(closed.error().message(), "no such verb");
  EXPECT_EQ(acts.said, "made lost");
}
CASE(protocol, "that throws when it is made is cut off") {
  bed.expect_log(1);
  auto ends = co_await bed.connected();
  Acts acts;
  acts.made = [](Protocol&) { throw Error("not now"); };
  auto connection = serve(std::move(ends.here), acts);
  auto closed = co_await as_outcome(connection.closed());
  EXPECT(closed.error().message() == "not now" || closed.error().check<ConnectionAborted>());
}
CASE(protocol, "pauses and hears nothing until it resumes") {
  auto ends = co_await bed.connected();
  Acts acts;
  std::string got;
  Protocol* self = nullptr;
  acts.made = [&](Protocol& p) {
    self = &p;
    p.transport().pause_reading();
  };
  acts.data = [&](Protocol&, std::string_view data) { got += data; };
  auto connection = serve(std::move(ends.here), acts);
  co_await ends.there.write("waits");
  co_await sleep(10ms);
  EXPECT_EQ(got, "");
  self->transport().resume_reading();
  co_await until([&] { return got == "waits"; });
}
CASE(protocol, "may pause inside of a call") {
  auto ends = co_await bed.connected();
  Acts acts;
  std::size_t got = 0;
  Protocol* self = nullptr;
  acts.data = [&](Protocol& p, std::string_view data) {
    got += data.size();
    self = &p;
    p.transport().pause_reading();
  };
  auto connection = serve(std::move(ends.here), acts);
  co_await ends.there.write("ab");
  co_await until([&] { return got > 0; });
  const auto first = got;
  co_await ends.there.write("cd");
  co_await sleep(5ms);
  EXPECT_EQ(got, first);
  while (got < 4) {
    self->transport().resume_reading();
    co_await sleep(1ms);
  }
}
CASE(protocol, "pausing and resuming in one call changes nothing") {
  auto ends = co_await bed.connected();
  Acts acts;
  std::string got;
  acts.data = [&](Protocol& p, std::string_view data) {
    got += data;
    p.transport().pause_reading();
    p.transport().resume_reading();
  };
  auto connection = serve(std::move(ends.here), acts);
  co_await ends.there.write("abc");
  co_await until([&] { return got.size() == 3; });
  EXPECT_EQ(got, "abc");
}
CASE(protocol, "is told once when its peer is slow, and once when it is not") {
  auto ends = co_await bed.connected();
  Acts acts;
  std::size_t written = 0;
  acts.made = [&](Protocol& p) {
    const std::string block(64 * 1024, 'x');
    while (!p.transport().full() && written < 64u << 20) {
      p.transport().write(block);
      written += block.size();
    }
  };
  auto connection = serve(std::move(ends.here), acts);
  EXPECT_EQ(acts.said, "made full");
  for (std::size_t got = 0; got < written;) got += (co_await ends.there.read_some())->size();
  co_await until([&] { return acts.said.ends_with("empty"); });
  EXPECT_EQ(acts.said, "made full empty");
}
CASE(protocol, "that goes on writing is cut off at the limit") {
  bed.expect_log();
  auto ends = co_await bed.connected();
  Acts acts;
  acts.made = [](Protocol& p) {
    const std::string block(1 << 20, 'x');
    for (int i = 0; i < 64; ++i) p.transport().write(block);
  };
  auto connection = serve(std::move(ends.here), acts);
  auto closed = co_await as_outcome(connection.closed());
  EXPECT(closed.error().check<BufferFull>());
}
CASE(protocol, "may destroy its connection inside of data_received") {
  auto ends = co_await bed.connected();
  Acts acts;
  std::optional<Connection> connection;
  acts.data = [&](Protocol&, std::string_view) { connection.reset(); };
  connection.emplace(serve(std::move(ends.here), acts));
  co_await ends.there.write("x");
  co_await until([&] { return !connection; });
  co_await sleep(2ms);
  EXPECT_EQ(acts.said, "made");
}
CASE(protocol, "may destroy its connection when it is told of the end") {
  auto ends = co_await bed.connected();
  Acts acts;
  std::optional<Connection> connection;
  acts.end = [&](Protocol&) { connection.reset(); };
  connection.emplace(serve(std::move(ends.here), acts));
  ends.there.close();
  co_await until([&] { return !connection; });
  EXPECT_EQ(acts.said, "made end");
}
CASE(protocol, "may destroy its connection when it is lost") {
  auto ends = co_await bed.connected();
  Acts acts;
  std::optional<Connection> connection;
  acts.lost = [&](Protocol&) { connection.reset(); };
  connection.emplace(serve(std::move(ends.here), acts));
  ends.there.close();
  co_await until([&] { return !connection; });
  EXPECT_EQ(acts.said, "made end done");
}
CASE(protocol, "may destroy its connection when its peer is slow") {
  auto ends = co_await bed.connected();
  Acts acts;
  std::optional<Connection> connection;
  acts.data = [&](Protocol& p, std::string_view) {
    const std::string block(1 << 20, 'x');
    for (int i = 0; i < 20 && connection; ++i) p.transport().write(block);
  };
  acts.full = [&](Protocol&) { connection.reset(); };
  connection.emplace(serve(std::move(ends.here), acts));
  co_await ends.there.write("x");
  co_await until([&] { return !connection; });
  EXPECT_EQ(acts.said, "made full");
}
CASE_IF(protocol, "that overrides end_received may go on writing", has.half_closes) {
  auto ends = co_await bed.connected();
  Acts acts;
  acts.end = [](Protocol& p) {
    p.transport().write("after the end");
    p.transport().close();
  };
  auto connection = serve(std::move(ends.here), acts);
  ends.there.shutdown_write();
  EXPECT_EQ(co_await all(ends.there), "after the end");
  co_await connection.closed();
}
CASE(protocol, "writes under a cork leave together, in order") {
  auto ends = co_await bed.connected();
  Acts acts;
  acts.made = [](Protocol& p) {
    const auto cork = p.transport().cork();
    for (int i = 0; i < 100; ++i) p.transport().write(std::to_string(i) + ",");
  };
  auto connection = serve(std::move(ends.here), acts);
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += std::to_string(i) + ",";
  EXPECT_EQ(co_await ends.there.read_exactly(expected.size()), expected);
}
CASE(protocol, "corks nest, and large writes among them keep their place") {
  auto ends = co_await bed.connected();
  Acts acts;
  const std::string large(bed.bytes(100'000), 'L');
  acts.made = [&](Protocol& p) {
    const auto cork = p.transport().cork();
    p.transport().write("a");
    {
      const auto inner = p.transport().cork();
      p.transport().write(large);
    }
    p.transport().write("z");
  };
  auto connection = serve(std::move(ends.here), acts);
  EXPECT(co_await ends.there.read_exactly(large.size() + 2) == "a" + large + "z");
}
CASE(protocol, "closing under a cork sends what was gathered") {
  auto ends = co_await bed.connected();
  Acts acts;
  acts.made = [](Protocol& p) {
    const auto cork = p.transport().cork();
    p.transport().write("gathered");
    p.transport().close();
  };
  auto connection = serve(std::move(ends.here), acts);
  EXPECT_EQ(co_await all(ends.there), "gathered");
  co_await connection.closed();
}
CASE(protocol, "what was read before it took over comes first") {
  auto ends = co_await bed.connected();
  co_await ends.there.write("line\nrest");
  EXPECT_EQ(co_await ends.here.read_line(), "line");
  Acts acts;
  std::string got;
  acts.data = [&](Protocol&, std::string_view data) { got += data; };
  auto connection = serve(std::move(ends.here), acts);
  co_await ends.there.write(" and more");
  co_await until([&] { return got.size() == 13; });
  EXPECT_EQ(got, "rest and more");
}
CASE(protocol, "draining lets it finish") {
  auto ends = co_await bed.connected();
  Acts acts;
  acts.drained = [](Protocol& p) {
    p.transport().write("finished");
    p.transport().close();
  };
  auto connection = serve(std::move(ends.here), acts);
  connection.drain();
  EXPECT_EQ(co_await all(ends.there), "finished");
  co_await connection.closed();
  EXPECT_EQ(acts.said, "made drain done");
}
CASE(protocol, "a detached connection goes on by itself") {
  auto ends = co_await bed.connected();
  Acts acts;
  acts.data = [](Protocol& p, std::string_view data) { p.transport().write(data); };
  serve(std::move(ends.here), acts).detach();
  co_await ends.there.write("x");
  EXPECT_EQ(co_await ends.there.read_exactly(1), "x");
  ends.there.close();
  co_await until([&] { return acts.said.ends_with("done"); });
}
CASE(protocol, "a dropped connection calls nobody") {
  auto ends = co_await bed.connected();
  Acts acts;
  { auto dropped = serve(std::move(ends.here), acts); }
  static_cast<void>(co_await as_outcome(ends.there.read_some()));
  EXPECT_EQ(acts.said, "made");
}
CASE_IF(protocol, "knows its two addresses", has.has_addresses) {
  auto ends = co_await bed.connected();
  EXPECT_EQ(ends.here.peer().str(), ends.there.local().str());
  EXPECT_EQ(ends.here.local().str(), ends.there.peer().str());
  EXPECT(ends.here.peer().port() != 0);
}

class Passing : public Layer {};

CASE(protocol, "a layer that passes everything on changes nothing") {
  auto ends = co_await bed.connected();
  co_await ends.here.upgrade(std::make_unique<Passing>());
  co_await ends.there.upgrade(std::make_unique<Passing>());
  const std::size_t size = bed.bytes(300'000);
  auto writing = ends.here.write(std::string(size, 'x'));
  EXPECT_EQ((co_await ends.there.read_exactly(size)).size(), size);
  co_await std::move(writing);
  ends.here.close();
  EXPECT(!(co_await ends.there.read_some()));
}
CASE(protocol, "layers go on top of layers while bytes flow") {
  auto ends = co_await bed.connected();
  for (int i = 0; i < 10; ++i) {
    co_await ends.here.upgrade(std::make_unique<Passing>());
    co_await ends.here.write("x");
    EXPECT_EQ(co_await ends.there.read_exactly(1), "x");
    co_await ends.there.write("y");
    EXPECT_EQ(co_await ends.here.read_exactly(1), "y");
  }
}

}  // namespace
