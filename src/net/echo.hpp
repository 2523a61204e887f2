// For the tests of connections: what gives back all that it gets, in callbacks and as a coroutine, and its client.
#pragma once

#include <torc/async/coroutine.hpp>
#include <torc/base/errors.hpp>
#include <torc/net/protocol.hpp>
#include <torc/net/stream.hpp>
#include <torc/net/transport.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace torc {

class EchoProtocol : public Protocol {
  void data_received(std::string_view data) override { transport().write(data); }
};

inline Deferred<void> echo(Stream stream) {
  Stream s = std::move(stream);  // ends with the body, whoever keeps its result
  while (auto chunk = co_await s.read_some()) co_await s.write(*chunk);
}

/// Fails unless `message` comes back over `stream`, and the end behind it.
inline Deferred<void> hears_itself(Stream stream, std::string message = "hello") {
  co_await stream.write(message);
  const std::string heard = co_await stream.read_exactly(message.size());
  if (heard != message) throw Error("an echo gave back \"" + heard + "\" instead of \"" + message + "\"");
  stream.shutdown_write();
  if (const auto more = co_await stream.read_some()) throw Error("an echo gave back more than it got");
}

}  // namespace torc
