// What the tests of connections share: a body that runs on a real reactor, and where to listen.
#pragma once

#include <torc/async/timing.hpp>
#include <torc/net/listening_socket.hpp>
#include <torc/net/port.hpp>
#include <torc/reactor/reactor.hpp>

#include <gtest/gtest.h>

#include <string>

namespace torc {

// Runs `body` as a program's main on a real reactor; a failure fails the test.
template <class Body>
void on_reactor(Body body, Duration limit = std::chrono::seconds(20)) {
  Reactor reactor;
  bool ended = false;
  Deferred<void> running = succeed();
  reactor.call_when_running([&] {
    running = with_timeout(limit, body()).then_outcome([&](Outcome<void> outcome) {
      if (!outcome) ADD_FAILURE() << outcome.error().report();
      ended = true;
      reactor.stop();
    });
  });
  reactor.run();
  EXPECT_TRUE(ended);
}

inline std::string here(const Port& port) { return "tcp:127.0.0.1:" + std::to_string(port.address().port()); }
constexpr const char* kAnywhere = "tcp:0:address=127.0.0.1";
inline ListeningSocket anywhere() { return ListeningSocket::tcp(SocketAddress(IpAddress::loopback_v4(), 0)); }

}  // namespace torc
