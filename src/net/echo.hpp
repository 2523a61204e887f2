// For the tests of connections: what gives back all that it gets, in callbacks and as a coroutine, and its client.
#pragma once

#include <torc/async/coroutine.hpp>
#include <torc/net/protocol.hpp>
#include <torc/net/stream.hpp>
#include <torc/net/transport.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace torc {

class Echo : public Protocol {
  void data_received(std::string_view data) override { transport().write(data); }
};

inline Deferred<void> echo(Stream s) {
  while (auto chunk = co_await s.read_some()) co_await s.write(*chunk);
}

/// `message` comes back over `stream`, and the end behind it.
inline Deferred<void> hears_itself(Stream stream, std::string message = "hello") {
  co_await stream.write(message);
  EXPECT_EQ(co_await stream.read_exactly(message.size()), message);
  stream.shutdown_write();
  EXPECT_EQ(co_await stream.read_some(), std::nullopt);
}

}  // namespace torc
