// Failing at the Nth system call: whatever fails, and whenever, everything that waits ends, nothing is left over, and the
// next connection works.
#include "net/echo.hpp"
#include "net/test_layers.hpp"
#include "suite/suite.hpp"

#include <torc/net/connection.hpp>
#include <torc/net/datagram_socket.hpp>
#include <torc/process/child.hpp>
#include <torc/process/run.hpp>

#include <cerrno>
#include <cstring>
#include <span>

namespace {

using namespace contract;

Deferred<void> exchange(Bed& bed) {
  auto ends = co_await bed.connected();
  co_await ends.here.write("hello");
  co_await ends.there.read_exactly(5);
  co_await ends.there.write("world");
  co_await ends.here.read_exactly(5);
  ends.here.close();
  co_await ends.there.read_some();
}

Deferred<void> bulk(Bed& bed) {
  auto ends = co_await bed.connected();
  const std::size_t size = bed.bytes(400'000);
  auto answering = echo(std::move(ends.there));
  auto writing = ends.here.write(std::string(size, 'x'));
  co_await ends.here.read_exactly(size);
  co_await std::move(writing);
}

Deferred<void> protocols(Bed& bed) {
  class Greets : public Protocol {
    void connection_made() override { transport().write("220 "); }
    void data_received(std::string_view data) override { transport().write(data); }
  };
  auto ends = co_await bed.connected();
  auto connection = Connection::serve(std::move(ends.here), std::make_unique<Greets>());
  auto closed = connection.closed();
  co_await ends.there.write("abc");
  co_await ends.there.read_exactly(7);
  ends.there.close();
  co_await std::move(closed);
}

Deferred<void> dropped(Bed& bed) {
  auto ends = co_await bed.connected();
  { auto read = ends.here.read_some(); }
  const std::string block(bed.bytes(100'000), 'x');
  { auto write = ends.there.write(block); }
  { const Stream gone = std::move(ends.there); }
  // To the end, or the cut of what was dropped.
  for (;;) {
    auto chunk = co_await as_outcome(ends.here.read_some());
    if (!chunk || !*chunk) break;
  }
}

Deferred<void> served(Bed& bed) {
  auto port = bed.listen(echo);
  for (int i = 0; i < 3; ++i) {
    auto stream = co_await bed.connect(port);
    co_await stream.write("x");
    co_await stream.read_exactly(1);
  }
  co_await port.close();
}

Deferred<void> datagrams(Bed&) {
  auto here = open_datagrams("127.0.0.1:0"), there = open_datagrams("127.0.0.1:0");
  here.on_send_failed([](const SocketAddress&, const Failure&) {});
  for (int i = 0; i < 3; ++i) {
    co_await here.send("hello", there.address());
    auto got = co_await as_outcome(with_timeout(50ms, there.receive()));
    if (!got) throw Error("lost on the way: " + got.error().message());
  }
}

Deferred<void> processes(Bed&) {
  const auto said = co_await process::run({"cat"}, {.input = "through"});
  EXPECT_EQ(said.output, "through");
  auto child = process::spawn({"cat"}, {.files = {{0, process::terminal()}, {1, process::terminal()}}});
  co_await child.input().write("x\n");
  co_await child.output().read_line();
  { auto dropped = process::spawn({"sleep", "100"}, {.files = {{0, process::null()}}, .kill_after = 100ms}); }
  co_await child.stop(1s);
}

Deferred<void> reactors(Bed& bed) {
  Reactor other{{.backend = bed.reactor.backend()}};
  co_return;
}

// Again and again, failing one call later each time, or a few once much is moved, until no call is left to fail.
Deferred<void> at_each_call(Bed& bed, Deferred<void> (*scenario)(Bed&), int error) {
  bed.expect_log();
  for (long n = 0; n < (bed.faults().slow() ? 60 : 400); n += 1 + n / 50) {
    const Faults faults{.most_read = bed.faults().most_read, .most_written = bed.faults().most_written,
                        .levels = bed.faults().levels, .fail_at = n, .error = error};
    Faults::set(&faults);
    auto outcome = co_await as_outcome(with_timeout(2s, scenario(bed)));
    const bool failed = Faults::calls() > n;
    Faults::set(&bed.faults());
    const bool hung = !outcome && outcome.error().check<TimeoutError>();
    expect(!hung, "hangs when call " + std::to_string(n) + " fails");
    if (!failed) {
      expect(static_cast<bool>(outcome), "failed without a fault: " + (outcome ? "" : outcome.error().message()));
      break;
    }
  }
  co_await exchange(bed);
}

const int kOfStreams[] = {ECONNRESET, EPIPE, ETIMEDOUT, ENOMEM, ENOBUFS, EMFILE, ENFILE, ECONNABORTED, EIO, ENOSPC, EPERM};
const int kOfPorts[] = {ECONNRESET, EPIPE,        ETIMEDOUT, ENOMEM, ENOBUFS, EMFILE,
                        ENFILE,     ECONNABORTED, EIO,       ENOSPC, EPERM,   EADDRINUSE};
const int kOfDatagrams[] = {ENOMEM, ENOBUFS, EPERM, EMFILE, ENFILE, EADDRINUSE, ENOSPC};
const int kOfProcesses[] = {EMFILE, ENFILE, ENOMEM, EAGAIN, ECHILD, EIO, EPIPE, ENOSPC};
const int kOfReactors[] = {EMFILE, ENFILE, ENOMEM, ENOSPC};

bool always(const Ability&) { return true; }

// Those of streams on each transport, the others once for each poller.
struct Scenario {
  const char* name;
  Deferred<void> (*run)(Bed&);
  std::span<const int> errors;
  bool everywhere = true;
  bool (*possible)(const Ability&) = always;
};
const Scenario kScenarios[] = {
    {"an exchange", exchange, kOfStreams},
    {"a bulk transfer", bulk, kOfStreams},
    {"protocols", protocols, kOfStreams},
    {"dropped operations", dropped, kOfStreams},
    {"a port", served, kOfPorts, true, [](const Ability& has) { return has.listens; }},
    {"datagrams", datagrams, kOfDatagrams, false},
    {"processes", processes, kOfProcesses, false},
    {"a reactor", reactors, kOfReactors, false},
};

const bool kRegistered = [] {
  for (const auto& scenario : kScenarios) {
    for (const int error : scenario.errors) {
      cases().push_back({.group = "failing",
                         .name = std::string(scenario.name) + ", each call by " + ::strerrorname_np(error),
                         .possible = scenario.possible,
                         .body = [run = scenario.run, error](Bed& bed) { return at_each_call(bed, run, error); },
                         .everywhere = scenario.everywhere,
                         .modes = scenario.everywhere ? Modes::kThatCut : Modes::kPlain});
    }
  }
  return true;
}();

}  // namespace
