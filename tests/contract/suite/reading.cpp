// Reading: what a stream gives, and when.
#include "suite/fixtures.hpp"

namespace {

using namespace contract;

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 251);
  return text;
}

Deferred<void> say(Stream& stream, std::string text) {
  co_await stream.write(text);
  stream.shutdown_write();
}

// As many bytes there and back, read exactly.
Deferred<void> echo_of(Bed& bed, std::size_t size) {
  auto ends = co_await bed.connected();
  const std::string text = pattern(bed.bytes(size));
  auto answering = [](Stream& s, std::size_t count) -> Deferred<void> {
    const auto got = co_await s.read_exactly(count);
    co_await s.write(got);
  }(ends.there, text.size());
  co_await ends.here.write(text);
  EXPECT(co_await ends.here.read_exactly(text.size()) == text);
  co_await std::move(answering);
}

CASE(reading, "a read gives what was written") {
  auto ends = co_await bed.connected();
  co_await ends.here.write("hello");
  EXPECT_EQ(co_await ends.there.read_exactly(5), "hello");
}
CASE(reading, "both directions work at once") {
  auto ends = co_await bed.connected();
  co_await ends.here.write("ping");
  co_await ends.there.write("pong");
  EXPECT_EQ(co_await ends.there.read_exactly(4), "ping");
  EXPECT_EQ(co_await ends.here.read_exactly(4), "pong");
}
CASE(reading, "each value of a byte arrives as it is") {
  auto ends = co_await bed.connected();
  std::string text;
  for (int c = 0; c < 256; ++c) text += static_cast<char>(c);
  co_await ends.here.write(text);
  EXPECT(co_await ends.there.read_exactly(256) == text);
}
CASE(reading, "one byte there and back") { co_await echo_of(bed, 1); }
CASE(reading, "a kilobyte there and back") { co_await echo_of(bed, 1024); }
CASE(reading, "a page less one there and back") { co_await echo_of(bed, 4095); }
CASE(reading, "64 KiB there and back") { co_await echo_of(bed, 65536); }
CASE(reading, "a quarter of a megabyte, a read buffer, there and back") { co_await echo_of(bed, 256 * 1024); }
CASE(reading, "a read buffer and a byte there and back") { co_await echo_of(bed, 256 * 1024 + 1); }
CASE(reading, "a megabyte there and back") { co_await echo_of(bed, 1024 * 1024); }
CASE(reading, "no bytes are there at once") {
  auto ends = co_await bed.connected();
  EXPECT_EQ(co_await ends.there.read_exactly(0), "");
}
CASE(reading, "a read that waits fires when bytes come") {
  auto ends = co_await bed.connected();
  auto read = ends.there.read_some();
  EXPECT(read.pending());
  co_await ends.here.write("x");
  auto got = co_await std::move(read);
  EXPECT(got && got->view() == "x");
}
CASE(reading, "a read that waits for many bytes collects them") {
  auto ends = co_await bed.connected();
  auto read = ends.there.read_exactly(10);
  for (int i = 0; i < 10; ++i) {
    EXPECT(read.pending());
    co_await ends.here.write("x");
    co_await sleep(1ms);
  }
  EXPECT_EQ(co_await std::move(read), "xxxxxxxxxx");
}
CASE(reading, "reads in a row take what lies there") {
  auto ends = co_await bed.connected();
  co_await ends.here.write("abcdef");
  EXPECT_EQ(co_await ends.there.read_exactly(1), "a");
  EXPECT_EQ(co_await ends.there.read_exactly(2), "bc");
  EXPECT_EQ(co_await ends.there.read_exactly(3), "def");
}
CASE(reading, "two reads at once are an error") {
  auto ends = co_await bed.connected();
  auto first = ends.there.read_some();
  auto second = co_await as_outcome(ends.there.read_some());
  EXPECT(!second);
  EXPECT(first.pending());
  co_await ends.here.write("x");
  EXPECT((co_await std::move(first)).has_value());
}
CASE(reading, "a dropped read loses no byte") {
  auto ends = co_await bed.connected();
  { auto dropped = ends.there.read_some(); }
  co_await ends.here.write("kept");
  EXPECT_EQ(co_await ends.there.read_exactly(4), "kept");
}
CASE(reading, "a read that has its bytes and is dropped gives them back") {
  auto ends = co_await bed.connected();
  {
    auto read = ends.there.read_some();
    co_await ends.here.write("kept");
    co_await until([&] { return !read.pending(); });
  }
  EXPECT_EQ(co_await ends.there.read_exactly(4), "kept");
}
CASE(reading, "a cancelled read loses no byte") {
  auto ends = co_await bed.connected();
  auto read = ends.there.read_some();
  read.cancel();
  auto outcome = co_await as_outcome(std::move(read));
  EXPECT(outcome.error().check<Cancelled>());
  co_await ends.here.write("kept");
  EXPECT_EQ(co_await ends.there.read_exactly(4), "kept");
}
CASE(reading, "a read within a time limit that is over loses no byte") {
  auto ends = co_await bed.connected();
  auto late = co_await as_outcome(with_timeout(1ms, ends.there.read_exactly(4)));
  EXPECT(late.error().check<TimeoutError>());
  co_await ends.here.write("kept");
  EXPECT_EQ(co_await ends.there.read_exactly(4), "kept");
}
CASE(reading, "half of what was asked for stays when the read is cancelled") {
  auto ends = co_await bed.connected();
  co_await ends.here.write("ab");
  auto read = ends.there.read_exactly(4);
  co_await sleep(5ms);
  EXPECT(read.pending());
  read.cancel();
  static_cast<void>(co_await as_outcome(std::move(read)));
  co_await ends.here.write("cd");
  EXPECT_EQ(co_await ends.there.read_exactly(4), "abcd");
}
CASE(reading, "lines are cut at LF, a CR before it goes") {
  auto ends = co_await bed.connected();
  co_await ends.here.write("one\r\ntwo\n\nfour\r\n");
  EXPECT_EQ(co_await ends.there.read_line(), "one");
  EXPECT_EQ(co_await ends.there.read_line(), "two");
  EXPECT_EQ(co_await ends.there.read_line(), "");
  EXPECT_EQ(co_await ends.there.read_line(), "four");
}
CASE(reading, "a delimiter of several bytes is found across pieces") {
  auto ends = co_await bed.connected();
  auto read = ends.there.read_until("--end--");
  for (const char c : std::string("text--en--end--rest")) co_await ends.here.write(std::string_view(&c, 1));
  EXPECT_EQ(co_await std::move(read), "text--en");
  EXPECT_EQ(co_await ends.there.read_exactly(4), "rest");
}
CASE(reading, "a line as long as the limit is taken") {
  auto ends = co_await bed.connected();
  co_await ends.here.write(std::string(50, 'x') + "\n");
  EXPECT_EQ((co_await ends.there.read_line(50))->size(), 50u);
}
CASE(reading, "a line beyond the limit is refused") {
  auto ends = co_await bed.connected();
  co_await ends.here.write(std::string(51, 'x') + "\n");
  auto line = co_await as_outcome(ends.there.read_line(50));
  EXPECT(line.error().check<LimitExceeded>());
}
CASE(reading, "bytes without a delimiter are refused at the limit") {
  auto ends = co_await bed.connected();
  auto line = ends.there.read_line(50);
  co_await ends.here.write(std::string(200, 'x'));
  auto outcome = co_await as_outcome(std::move(line));
  EXPECT(outcome.error().check<LimitExceeded>());
}
CASE(reading, "many lines in one write are each given") {
  auto ends = co_await bed.connected();
  const std::size_t count = bed.bytes(10000);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += std::to_string(i) + "\n";
  auto saying = say(ends.here, text);
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(co_await ends.there.read_line(), std::to_string(i));
  co_await std::move(saying);
}
CASE(reading, "nobody reads, nothing is lost") {
  auto ends = co_await bed.connected();
  const auto text = pattern(bed.bytes(20000));
  co_await ends.here.write(text);
  co_await sleep(20ms);
  EXPECT(co_await ends.there.read_exactly(text.size()) == text);
}
CASE(reading, "reads and writes by turns for a thousand times") {
  auto ends = co_await bed.connected();
  for (std::size_t i = 0; i < bed.bytes(1000); ++i) {
    co_await ends.here.write("q");
    EXPECT_EQ(co_await ends.there.read_exactly(1), "q");
    co_await ends.there.write("a");
    EXPECT_EQ(co_await ends.here.read_exactly(1), "a");
  }
}
CASE(reading, "a stream that was moved goes on") {
  auto ends = co_await bed.connected();
  Stream moved = std::move(ends.there);
  auto read = moved.read_some();
  Stream again = std::move(moved);
  co_await ends.here.write("x");
  EXPECT((co_await std::move(read)).has_value());
  co_await ends.here.write("y");
  EXPECT_EQ(co_await again.read_exactly(1), "y");
}
CASE_IF(reading, "the end comes after the bytes, as nothing", has.half_closes) {
  auto ends = co_await bed.connected();
  co_await say(ends.here, "last");
  EXPECT_EQ(co_await all(ends.there), "last");
  EXPECT(!(co_await ends.there.read_some()));
}
CASE_IF(reading, "an end inside of what was asked for is an error that counts", has.half_closes) {
  auto ends = co_await bed.connected();
  co_await say(ends.here, "abc");
  auto read = co_await as_outcome(ends.there.read_exactly(5));
  EXPECT(read.error().check<IncompleteRead>());
  EXPECT_EQ(read.error().message(), "the stream ended after 3 of 5 bytes");
}
CASE_IF(reading, "an end inside of a line is an error", has.half_closes) {
  auto ends = co_await bed.connected();
  co_await say(ends.here, "abc");
  auto read = co_await as_outcome(ends.there.read_line());
  EXPECT(read.error().check<IncompleteRead>());
}
CASE_IF(reading, "an end between lines is none", has.half_closes) {
  auto ends = co_await bed.connected();
  co_await say(ends.here, "abc\n");
  EXPECT_EQ(co_await ends.there.read_line(), "abc");
  EXPECT(!(co_await ends.there.read_line()));
}
CASE_IF(reading, "what came inside of an incomplete read can still be read", has.half_closes) {
  auto ends = co_await bed.connected();
  co_await say(ends.here, "abc");
  static_cast<void>(co_await as_outcome(ends.there.read_exactly(5)));
  EXPECT_EQ(co_await ends.there.read_exactly(3), "abc");
}

}  // namespace
