// Writing: order, back-pressure, bounds, files.
#include "suite/fixtures.hpp"

#include <torc/async/gather.hpp>
#include <torc/net/connection.hpp>

#include <algorithm>

namespace {

using namespace contract;

Deferred<std::size_t> count_all(Stream& stream) {
  std::size_t count = 0;
  while (auto chunk = co_await stream.read_some()) count += chunk->size();
  co_return count;
}

// Writes until one waits. Bounded: what no transport would hold.
struct Stuffed {
  Deferred<void> last;
  std::size_t written;
};
Stuffed stuff(Stream& stream, std::size_t block) {
  const std::string text(block, 'x');
  Stuffed stuffed{succeed(), 0};
  while (!stuffed.last.pending() && stuffed.written < 64u << 20) {
    stuffed.last = stream.write(text);
    stuffed.written += block;
  }
  return stuffed;
}

CASE(writing, "writes arrive in their order") {
  auto ends = co_await bed.connected();
  for (int i = 0; i < 100; ++i) co_await ends.here.write(std::to_string(i) + "\n");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(co_await ends.there.read_line(), std::to_string(i));
}
CASE(writing, "writes that are not waited for arrive in their order") {
  auto ends = co_await bed.connected();
  std::vector<Deferred<void>> writes;
  for (int i = 0; i < 100; ++i) writes.push_back(ends.here.write(std::to_string(i) + "\n"));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(co_await ends.there.read_line(), std::to_string(i));
  co_await gather(std::move(writes));
}
CASE(writing, "an empty write is done at once") {
  auto ends = co_await bed.connected();
  auto write = ends.here.write("");
  EXPECT(!write.pending());
  co_await std::move(write);
}
CASE(writing, "a reader that stalls holds the writer back") {
  auto ends = co_await bed.connected();
  auto stuffed = stuff(ends.here, 16 * 1024);
  EXPECT(stuffed.last.pending());
  EXPECT(ends.here.unsent() <= 2 * 64 * 1024);
  ends.here.abort();
  static_cast<void>(co_await as_outcome(std::move(stuffed.last)));
}
CASE(writing, "a writer that was held back goes on when the reader does") {
  auto ends = co_await bed.connected();
  auto stuffed = stuff(ends.here, 16 * 1024);
  EXPECT(stuffed.last.pending());
  std::size_t got = 0;
  while (stuffed.last.pending()) got += (co_await ends.there.read_some())->size();
  co_await std::move(stuffed.last);
  while (got < stuffed.written) got += (co_await ends.there.read_some())->size();
  EXPECT_EQ(got, stuffed.written);
  EXPECT_EQ(ends.here.unsent(), 0u);
}
CASE(writing, "several who wait to write go on in their order") {
  auto ends = co_await bed.connected();
  auto stuffed = stuff(ends.here, 64 * 1024);
  auto second = ends.here.write("second");
  auto third = ends.here.write("third");
  // What was put off may have left by now.
  EXPECT(bed.faults().would_block || (second.pending() && third.pending()));
  std::string tail;
  std::size_t got = 0;
  while (got < stuffed.written + 11) {
    auto chunk = co_await ends.there.read_some();
    got += chunk->size();
    tail = (tail + std::string(chunk->view()));
    if (tail.size() > 64) tail = tail.substr(tail.size() - 64);
  }
  EXPECT(tail.ends_with("secondthird"));
  co_await std::move(stuffed.last);
  co_await std::move(second);
  co_await std::move(third);
}
CASE(writing, "a write that is dropped while it waits cuts the stream when that goes") {
  auto ends = co_await bed.connected();
  {
    Stream stream = std::move(ends.here);
    auto stuffed = stuff(stream, 64 * 1024);
    { auto dropped = std::move(stuffed.last); }
  }
  // What was not written never comes.
  auto count = co_await as_outcome(count_all(ends.there));
  EXPECT(!count || *count < 64u << 20);
}
CASE_IF(writing, "a stream that is destroyed sends what it holds and ends in order", has.half_closes) {
  auto ends = co_await bed.connected();
  const std::size_t size = bed.bytes(1 << 20);
  std::size_t got = 0;
  {
    Stream stream = std::move(ends.here);
    auto writing = stream.write(std::string(size, 'x'));
    while (writing.pending()) got += (co_await ends.there.read_some())->size();
    co_await std::move(writing);
  }
  got += co_await count_all(ends.there);
  EXPECT_EQ(got, size);
}
CASE_IF(writing, "after shutdown_write the peer sees the end and can still answer", has.half_closes) {
  auto ends = co_await bed.connected();
  co_await ends.here.write("question");
  ends.here.shutdown_write();
  EXPECT_EQ(co_await count_all(ends.there), 8u);
  co_await ends.there.write("answer");
  ends.there.shutdown_write();
  EXPECT_EQ(co_await count_all(ends.here), 6u);
}
CASE_IF(writing, "shutdown_write comes after what is queued", has.half_closes) {
  auto ends = co_await bed.connected();
  const std::size_t size = bed.bytes(1 << 20);
  auto writing = ends.here.write(std::string(size, 'x'));
  ends.here.shutdown_write();
  EXPECT_EQ(co_await count_all(ends.there), size);
  co_await std::move(writing);
}
CASE_IF(writing, "what is written after shutdown_write goes nowhere", has.half_closes) {
  auto ends = co_await bed.connected();
  co_await ends.here.write("a");
  ends.here.shutdown_write();
  static_cast<void>(co_await as_outcome(ends.here.write("b")));
  EXPECT_EQ(co_await count_all(ends.there), 1u);
}
CASE(writing, "a file region arrives behind what was written before") {
  auto ends = co_await bed.connected();
  co_await ends.here.write("head ");
  co_await ends.here.send_file(file_of("0123456789"), 2, 5);
  co_await ends.here.write(" tail");
  EXPECT_EQ(co_await ends.there.read_exactly(15), "head 23456 tail");
}
CASE(writing, "a large file arrives whole") {
  auto ends = co_await bed.connected();
  const std::size_t size = bed.bytes(3 << 20);
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 255);
  auto sending = ends.here.send_file(file_of(text), 0, size);
  EXPECT(co_await ends.there.read_exactly(size) == text);
  co_await std::move(sending);
}
CASE(writing, "an empty file region is nothing") {
  auto ends = co_await bed.connected();
  co_await ends.here.send_file(file_of("abc"), 1, 0);
  co_await ends.here.write("x");
  EXPECT_EQ(co_await ends.there.read_exactly(1), "x");
}
CASE(writing, "a file that became shorter cuts the stream") {
  auto ends = co_await bed.connected();
  auto sending = ends.here.send_file(file_of("abc"), 0, 10);
  auto got = co_await as_outcome(ends.there.read_exactly(10));
  EXPECT(!got);
  static_cast<void>(co_await as_outcome(std::move(sending)));
  co_await sleep(1ms);  // the peer may hear of the end in the turn before it is told here
  auto after = co_await as_outcome(ends.here.write("x"));
  EXPECT(after.error().check<ConnectionLost>());
}
CASE(writing, "both sides write a megabyte at once and read") {
  auto ends = co_await bed.connected();
  const std::size_t size = bed.bytes(1 << 20);
  auto both = [](Stream& s, std::size_t size) -> Deferred<void> {
    auto writing = s.write(std::string(size, 'x'));
    EXPECT_EQ((co_await s.read_exactly(size)).size(), size);
    co_await std::move(writing);
  };
  auto one = both(ends.here, size);
  co_await both(ends.there, size);
  co_await std::move(one);
}
CASE(writing, "a hundred thousand bytes in writes of a hundred") {
  auto ends = co_await bed.connected();
  const std::size_t count = bed.bytes(1000);
  auto reading = ends.there.read_exactly(count * 100);
  for (std::size_t i = 0; i < count; ++i) co_await ends.here.write(std::string(100, static_cast<char>('a' + i % 26)));
  const auto text = co_await std::move(reading);
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT(text[i] == static_cast<char>('a' + i / 100 % 26));
}
CASE(writing, "nothing is left unsent when the reader has all") {
  auto ends = co_await bed.connected();
  co_await ends.here.write("abc");
  co_await ends.there.read_exactly(3);
  EXPECT_EQ(ends.here.unsent(), 0u);
}

}  // namespace
