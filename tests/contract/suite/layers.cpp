// Layers between connections and protocols, corks, file regions and takeovers among them.
#include "net/test_layers.hpp"
#include "suite/fixtures.hpp"

#include <torc/net/connection.hpp>

namespace {

using namespace contract;

class Silent : public Layer {
  void connection_made() override {}
};

class Watched : public Layer {
 public:
  // Shared: a layer may outlive its stream, and the case.
  explicit Watched(std::shared_ptr<std::string> said) : said_(std::move(said)) {}
  ~Watched() override { *said_ += "gone"; }
  void end_received() override {
    *said_ += "end ";
    Layer::end_received();
  }
  void connection_lost(const Failure& reason) override {
    *said_ += reason.check<ConnectionDone>() ? "done " : "lost ";
    Layer::connection_lost(reason);
  }
  void pause_writing() override {
    *said_ += "full ";
    Layer::pause_writing();
  }

 private:
  std::shared_ptr<std::string> said_;
};

class Says : public Protocol {
 public:
  explicit Says(std::string& said) : said_(said) {}
  void connection_made() override { said_ += "made "; }
  void data_received(std::string_view data) override { said_ += std::string(data) + " "; }
  void connection_lost(const Failure&) override { said_ += "lost "; }

 private:
  std::string& said_;
};

CASE(layers, "one that changes bytes does so both ways") {
  auto ends = co_await bed.connected();
  co_await ends.here.upgrade(std::make_unique<Flipped>());
  co_await ends.here.write("A");
  EXPECT_EQ(co_await ends.there.read_exactly(1), std::string(1, 'A' ^ 0x55));
  co_await ends.there.write(std::string(1, 'B' ^ 0x55));
  EXPECT_EQ(co_await ends.here.read_exactly(1), "B");
}
CASE(layers, "two that undo each other, on one stream, change nothing") {
  auto ends = co_await bed.connected();
  co_await ends.here.upgrade(std::make_unique<Flipped>());
  co_await ends.here.upgrade(std::make_unique<Flipped>());
  co_await ends.here.write("same");
  EXPECT_EQ(co_await ends.there.read_exactly(4), "same");
}
CASE(layers, "one that has to do something first is waited for") {
  auto ends = co_await bed.connected();
  auto ready = ends.here.upgrade(std::make_unique<Greeting>());
  EXPECT(ready.pending());
  EXPECT_EQ(co_await ends.there.read_exactly(2), "go");
  EXPECT(ready.pending());
  co_await ends.there.write("go");
  co_await std::move(ready);
  co_await ends.here.write("x");
  EXPECT_EQ(co_await ends.there.read_exactly(1), "x");
}
CASE(layers, "both sides of one greet each other") {
  auto ends = co_await bed.connected();
  auto one = ends.here.upgrade(std::make_unique<Greeting>());
  co_await ends.there.upgrade(std::make_unique<Greeting>());
  co_await std::move(one);
  co_await ends.here.write("through");
  EXPECT_EQ(co_await ends.there.read_exactly(7), "through");
}
CASE(layers, "bytes that came with the greeting are the stream's first") {
  auto ends = co_await bed.connected();
  auto ready = ends.here.upgrade(std::make_unique<Greeting>());
  co_await ends.there.write("gofirst");
  co_await std::move(ready);
  EXPECT_EQ(co_await ends.here.read_exactly(5), "first");
}
CASE(layers, "an upgrade fails when the peer goes before it is ready") {
  auto ends = co_await bed.connected();
  auto ready = ends.here.upgrade(std::make_unique<Silent>());
  ends.there.close();
  auto outcome = co_await as_outcome(std::move(ready));
  EXPECT(outcome.error().check<ConnectionClosed>());
}
CASE(layers, "an upgrade over bytes that were not read is refused, and cuts") {
  auto ends = co_await bed.connected();
  co_await ends.there.write("line\nearly");
  static_cast<void>(co_await ends.here.read_line());
  // All of it has to be there before the decision.
  if (bed.faults().most_read == 1 || bed.faults().most_written == 1) co_return;
  auto outcome = co_await as_outcome(ends.here.upgrade(std::make_unique<Flipped>()));
  EXPECT(!outcome);
  EXPECT(!ends.here.open());
}
CASE(layers, "an upgrade while a read waits is refused, the read goes on") {
  auto ends = co_await bed.connected();
  auto read = ends.here.read_some();
  auto outcome = co_await as_outcome(ends.here.upgrade(std::make_unique<Flipped>()));
  EXPECT(!outcome);
  co_await ends.there.write("x");
  EXPECT((co_await std::move(read)).has_value());
}
CASE(layers, "an upgrade of a stream that is closed fails with why") {
  auto ends = co_await bed.connected();
  ends.here.close();
  auto outcome = co_await as_outcome(ends.here.upgrade(std::make_unique<Flipped>()));
  EXPECT(outcome.error().check<ConnectionDone>());
}
CASE(layers, "an upgrade that is dropped leaves a stream that is cut") {
  auto ends = co_await bed.connected();
  { auto dropped = ends.here.upgrade(std::make_unique<Silent>()); }
  { const Stream gone = std::move(ends.here); }
  auto read = co_await as_outcome(ends.there.read_some());
  EXPECT(!read || !*read);
}
CASE(layers, "one hears of the end before what is above, and dies with the connection") {
  auto ends = co_await bed.connected();
  auto said = std::make_shared<std::string>();
  co_await ends.here.upgrade(std::make_unique<Watched>(said));
  ends.there.close();
  EXPECT(!(co_await ends.here.read_some()));
  EXPECT(said->starts_with("end "));
  ends.here.close();
  co_await until([&] { return said->ends_with("gone"); });
  EXPECT(said->contains("done "));
}
CASE(layers, "one hears that its peer is slow") {
  auto ends = co_await bed.connected();
  auto said = std::make_shared<std::string>();
  co_await ends.here.upgrade(std::make_unique<Watched>(said));
  Deferred<void> last = succeed();
  const std::string block(64 * 1024, 'x');
  while (!last.pending()) last = ends.here.write(block);
  EXPECT_EQ(*said, "full ");
  ends.here.abort();
  static_cast<void>(co_await as_outcome(std::move(last)));
}
CASE(layers, "a protocol above one is made when that is ready, and not before") {
  auto ends = co_await bed.connected();
  auto ready = ends.here.upgrade(std::make_unique<Greeting>());
  co_await ends.there.write("go");
  co_await std::move(ready);
  std::string said;
  auto connection = Connection::serve(std::move(ends.here), std::make_unique<Says>(said));
  EXPECT_EQ(said, "made ");
  co_await ends.there.write("x");
  co_await until([&] { return said == "made x "; });
}
CASE(layers, "a file region passes one that has no opinion on it") {
  class Passing : public Layer {};
  auto ends = co_await bed.connected();
  co_await ends.here.upgrade(std::make_unique<Passing>());
  co_await ends.here.send_file(file_of("0123456789"), 3, 4);
  EXPECT_EQ(co_await ends.there.read_exactly(4), "3456");
}
CASE(layers, "the addresses are those of what is below") {
  auto ends = co_await bed.connected();
  const auto peer = ends.here.peer(), local = ends.here.local();
  co_await ends.here.upgrade(std::make_unique<Flipped>());
  EXPECT_EQ(ends.here.peer().str(), peer.str());
  EXPECT_EQ(ends.here.local().str(), local.str());
}
CASE(layers, "destroying a stream above several sends what it holds") {
  auto ends = co_await bed.connected();
  co_await ends.here.upgrade(std::make_unique<Flipped>());
  co_await ends.here.upgrade(std::make_unique<Flipped>());
  co_await ends.here.write("last words");
  { const Stream gone = std::move(ends.here); }
  EXPECT_EQ(co_await ends.there.read_exactly(10), "last words");
  EXPECT(!(co_await ends.there.read_some()));
}

CASE(takeover, "a connection may be moved, and tells its end where it is now") {
  auto ends = co_await bed.connected();
  std::string said;
  auto connection = Connection::serve(std::move(ends.here), std::make_unique<Says>(said));
  auto moved = std::move(connection);
  EXPECT(moved.open() && !connection.open());
  auto closed = moved.closed();
  ends.there.close();
  co_await std::move(closed);
  EXPECT(!moved.open());
}
CASE(takeover, "a connection that is replaced is aborted and calls nobody") {
  auto ends = co_await bed.connected();
  auto others = co_await bed.connected();
  std::string first, second;
  auto connection = Connection::serve(std::move(ends.here), std::make_unique<Says>(first));
  connection = Connection::serve(std::move(others.here), std::make_unique<Says>(second));
  static_cast<void>(co_await as_outcome(ends.there.read_some()));
  EXPECT_EQ(first, "made ");
  co_await others.there.write("x");
  co_await until([&] { return second == "made x "; });
}
CASE(takeover, "a stream that is over cannot be served, and says why") {
  auto ends = co_await bed.connected();
  ends.here.abort();
  std::string said;
  bool refused = false;
  try {
    auto connection = Connection::serve(std::move(ends.here), std::make_unique<Says>(said));
  } catch (const ConnectionAborted&) {
    refused = true;
  }
  EXPECT(refused);
  EXPECT_EQ(said, "");
}
CASE(takeover, "closing a connection from outside flushes what its protocol wrote") {
  struct Speaker : Protocol {
    void connection_made() override { transport().write("spoken"); }
    void data_received(std::string_view) override {}
  };
  auto ends = co_await bed.connected();
  auto connection = Connection::serve(std::move(ends.here), std::make_unique<Speaker>());
  connection.close();
  EXPECT_EQ(co_await ends.there.read_exactly(6), "spoken");
  EXPECT(!(co_await ends.there.read_some()));
}
CASE(takeover, "aborting a connection from outside is told to its protocol, later") {
  auto ends = co_await bed.connected();
  std::string said;
  auto connection = Connection::serve(std::move(ends.here), std::make_unique<Says>(said));
  connection.abort();
  EXPECT_EQ(said, "made ");
  EXPECT((co_await as_outcome(connection.closed())).error().check<ConnectionAborted>());
  EXPECT_EQ(said, "made lost ");
}
CASE(takeover, "two protocols talk to each other") {
  struct Counter : Protocol {
    Counter(int& count, bool begins) : count(count), begins(begins) {}
    void connection_made() override {
      if (begins) transport().write("x");
    }
    void data_received(std::string_view data) override {
      if (++count >= 50) return transport().close();
      transport().write(data);
    }
    int& count;
    bool begins;
  };
  auto ends = co_await bed.connected();
  int count = 0;
  auto one = Connection::serve(std::move(ends.here), std::make_unique<Counter>(count, true));
  auto other = Connection::serve(std::move(ends.there), std::make_unique<Counter>(count, false));
  auto closed = one.closed();
  co_await other.closed();
  co_await std::move(closed);
  EXPECT_EQ(count, 50);
}

}  // namespace
