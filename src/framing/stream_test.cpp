#include <torc/framing/stream.hpp>

#include "net/on_reactor.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/net/connect.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace torc::framing {
namespace {

using namespace std::string_view_literals;
using codec::Prefix;

// A stream to one who says `what` a byte at a time and leaves.
Deferred<Stream> told(std::string what, std::optional<Port>& port) {
  port = Port::serve(anywhere(), [what](this auto, Stream s) -> Deferred<void> {
    for (const char c : what) co_await s.write({&c, 1});
  });
  co_return co_await connect_tcp(port->address());
}

TEST(FramedStream, ReadsStringsToACleanEnd) {
  on_reactor([]() -> Deferred<void> {
    std::optional<Port> port;
    Stream s = co_await told(std::string("\0\0\0\3one\0\0\0\0\0\0\0\5three"sv), port);
    EXPECT_EQ(co_await read_string(s, Prefix::k32), "one");
    EXPECT_EQ(co_await read_string(s, Prefix::k32), "");
    EXPECT_EQ(co_await read_string(s, Prefix::k32), "three");
    EXPECT_EQ(co_await read_string(s, Prefix::k32), std::nullopt);
  });
}

TEST(FramedStream, TellsACutStringFromAnEnd) {
  on_reactor([]() -> Deferred<void> {
    for (const auto cut : {"\0"sv, "\0\3"sv, "\0\3on"sv}) {
      std::optional<Port> port;
      Stream s = co_await told(std::string(cut), port);
      auto read = co_await as_outcome(read_string(s, Prefix::k16));
      EXPECT_TRUE(read.error().check<IncompleteRead>());
    }
  });
}

TEST(FramedStream, RefusesAStringAboveTheLimit) {
  on_reactor([]() -> Deferred<void> {
    std::optional<Port> port;
    Stream s = co_await told("\xff\xff\xff\xff", port);
    auto read = co_await as_outcome(read_string(s, Prefix::k32, 1000));
    EXPECT_EQ(read.error().message(), "a string is longer than the limit of 1000 bytes");
  });
}

TEST(FramedStream, ReadsNetstringsAndRefusesWhatIsNone) {
  on_reactor([]() -> Deferred<void> {
    std::optional<Port> port;
    Stream s = co_await told("5:hello,0:,", port);
    EXPECT_EQ(co_await read_netstring(s), "hello");
    EXPECT_EQ(co_await read_netstring(s), "");
    EXPECT_EQ(co_await read_netstring(s), std::nullopt);
    for (const auto& [bad, why] : std::vector<std::pair<std::string, std::string>>{
             {"05:hello,", "what came is no netstring"},
             {"5:hello;", "a netstring does not end in a comma"},
             {"101:", "a netstring is longer than the limit of 100 bytes"},
             {"1000000", "no delimiter within 3 bytes"}}) {
      Stream broken = co_await told(bad, port);
      auto read = co_await as_outcome(read_netstring(broken, 100));
      EXPECT_EQ(read.error().message(), why) << bad;
    }
  });
}

TEST(FramedStream, WritesWhatItReads) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(anywhere(), [](Stream s) -> Deferred<void> {
      while (auto string = co_await read_string(s, Prefix::k8)) co_await write_netstring(s, *string);
    });
    Stream s = co_await connect_tcp(port.address());
    co_await write_string(s, Prefix::k8, "to and fro");
    EXPECT_EQ(co_await read_netstring(s), "to and fro");
    auto wrote = co_await as_outcome(write_string(s, Prefix::k8, std::string(256, 'x')));
    EXPECT_TRUE(wrote.error().check<FramingError>());
    co_await write_string(s, Prefix::k8, "");
    EXPECT_EQ(co_await read_netstring(s), "");
  });
}

TEST(FramedStream, GivesLinesOneByOne) {
  on_reactor([]() -> Deferred<void> {
    std::optional<Port> port;
    Stream s = co_await told("one\r\ntwo\n\nfour\n", port);
    std::string said;
    auto each = lines(s);
    while (auto line = co_await each.next()) said += "[" + *line + "]";
    EXPECT_EQ(said, "[one][two][][four]");
  });
}

}  // namespace
}  // namespace torc::framing
