// Ending: closing, aborting, dropping, stopping; each told once, with its reason.
#include "suite/suite.hpp"

namespace {

using namespace contract;

CASE(ending, "closing is seen by the peer as the end") {
  auto ends = co_await bed.connected();
  ends.here.close();
  EXPECT(!(co_await ends.there.read_some()));
}
CASE(ending, "closing sends what was written first") {
  auto ends = co_await bed.connected();
  const std::size_t size = bed.bytes(200'000);
  auto writing = ends.here.write(std::string(size, 'x'));
  ends.here.close();
  EXPECT_EQ((co_await ends.there.read_exactly(size)).size(), size);
  EXPECT(!(co_await ends.there.read_some()));
  static_cast<void>(co_await as_outcome(std::move(writing)));
}
CASE(ending, "a closed stream is not open, reads end and writes fail") {
  auto ends = co_await bed.connected();
  EXPECT(ends.here.open());
  ends.here.close();
  EXPECT(!ends.here.open());
  EXPECT(!(co_await ends.here.read_some()));
  auto write = co_await as_outcome(ends.here.write("x"));
  EXPECT(write.error().check<ConnectionDone>());
}
CASE(ending, "closing twice is closing once") {
  auto ends = co_await bed.connected();
  ends.here.close();
  ends.here.close();
  ends.here.abort();
  EXPECT(!(co_await ends.there.read_some()));
}
CASE(ending, "closing ends a read that waits") {
  auto ends = co_await bed.connected();
  auto read = ends.here.read_some();
  ends.here.close();
  EXPECT(!(co_await std::move(read)));
}
CASE(ending, "an abort fails a read that waits") {
  auto ends = co_await bed.connected();
  auto read = ends.here.read_some();
  ends.here.abort();
  auto outcome = co_await as_outcome(std::move(read));
  EXPECT(outcome.error().check<ConnectionAborted>());
}
CASE(ending, "an aborted stream says so afterwards") {
  auto ends = co_await bed.connected();
  ends.here.abort();
  EXPECT(!ends.here.open());
  auto read = co_await as_outcome(ends.here.read_some());
  EXPECT(read.error().check<ConnectionAborted>());
  auto write = co_await as_outcome(ends.here.write("x"));
  EXPECT(write.error().check<ConnectionAborted>());
}
CASE_IF(ending, "an abort is no clean end for the peer", has.tells_resets) {
  auto ends = co_await bed.connected();
  ends.here.abort();
  auto read = co_await as_outcome(ends.there.read_some());
  EXPECT(read.error().check<ConnectionLost>());
}
CASE_IF(ending, "a stream that is destroyed by an exception aborts", has.tells_resets) {
  auto ends = co_await bed.connected();
  try {
    const Stream stream = std::move(ends.here);
    throw Error("half way through a message");
  } catch (const Error&) {
  }
  auto read = co_await as_outcome(ends.there.read_some());
  EXPECT(read.error().check<ConnectionLost>());
}
CASE(ending, "a stream that is destroyed closes") {
  auto ends = co_await bed.connected();
  { const Stream stream = std::move(ends.here); }
  EXPECT(!(co_await ends.there.read_some()));
}
CASE(ending, "destroying a stream tells who still reads it") {
  auto ends = co_await bed.connected();
  auto stream = std::make_unique<Stream>(std::move(ends.here));
  auto read = stream->read_some();
  stream.reset();
  auto outcome = co_await as_outcome(std::move(read));
  EXPECT(outcome.error().check<ConnectionClosed>());
}
CASE(ending, "a stream may be replaced by another") {
  auto ends = co_await bed.connected();
  auto others = co_await bed.connected();
  ends.here = std::move(others.here);
  EXPECT(!(co_await ends.there.read_some()));
  co_await others.there.write("x");
  EXPECT_EQ(co_await ends.here.read_exactly(1), "x");
}
CASE(ending, "writing to a peer that is gone fails sooner or later") {
  auto ends = co_await bed.connected();
  ends.there.abort();
  for (int i = 0; i < 1000; ++i) {
    auto write = co_await as_outcome(ends.here.write("x"));
    if (!write) {
      EXPECT(write.error().check<ConnectionClosed>());
      co_return;
    }
    co_await sleep(1ms);
  }
  throw CaseFailed("a thousand writes to nobody succeeded");
}
CASE(ending, "both may close at once") {
  auto ends = co_await bed.connected();
  ends.here.close();
  ends.there.close();
  EXPECT(!(co_await ends.here.read_some()));
  EXPECT(!(co_await ends.there.read_some()));
}
CASE(ending, "bytes before the close are read after it") {
  auto ends = co_await bed.connected();
  co_await ends.here.write("last words");
  ends.here.close();
  co_await sleep(5ms);
  EXPECT_EQ(co_await ends.there.read_exactly(10), "last words");
  EXPECT(!(co_await ends.there.read_some()));
}
CASE(ending, "a writer that is held back learns that the peer is gone") {
  auto ends = co_await bed.connected();
  Deferred<void> last = succeed();
  const std::string block(64 * 1024, 'x');
  while (!last.pending()) last = ends.here.write(block);
  ends.there.abort();
  auto outcome = co_await as_outcome(std::move(last));
  EXPECT(outcome.error().check<ConnectionClosed>());
}
CASE(ending, "a stream that holds much and is dropped while being torn down aborts") {
  auto ends = co_await bed.connected();
  {
    auto task = [](Stream stream) -> Deferred<void> {
      const std::string block(1 << 20, 'x');
      for (;;) co_await stream.write(block);
    }(std::move(ends.here));
    EXPECT(task.pending());
  }
  for (;;) {
    auto chunk = co_await as_outcome(ends.there.read_some());
    if (!chunk || !*chunk) break;
  }
}
CASE(ending, "a hundred connections come and go") {
  for (std::size_t i = 0; i < bed.bytes(100); ++i) {
    auto ends = co_await bed.connected();
    co_await ends.here.write("x");
    EXPECT_EQ(co_await ends.there.read_exactly(1), "x");
  }
}
CASE(ending, "stopping the reactor fails what waits") {
  // The reactor that runs the case stops by it: what waits hears so while the loop still turns.
  auto ends = co_await bed.connected();
  auto read = ends.here.read_some();
  auto told = std::move(read).then_outcome([](Outcome<std::optional<Bytes>> outcome) {
    EXPECT((outcome.error().check<ReactorStopped, Cancelled>()));  // the limit of the case cancels it as well
  });
  bed.reactor.stop();
  co_await std::move(told);
}

}  // namespace
