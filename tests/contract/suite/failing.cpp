// Failing at the Nth system call: whatever fails, and whenever, everything that waits ends, nothing is left over, and the
// next connection works.
#include "suite/suite.hpp"

#include <torc/net/connection.hpp>

#include <cerrno>
#include <cstring>

namespace {

using namespace contract;

Deferred<void> echo(Stream stream) {
  Stream s = std::move(stream);  // ends with the body, whoever keeps its result
  while (auto chunk = co_await s.read_some()) co_await s.write(*chunk);
}

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
  class Echo : public Protocol {
    void connection_made() override { transport().write("220 "); }
    void data_received(std::string_view data) override { transport().write(data); }
  };
  auto ends = co_await bed.connected();
  auto connection = Connection::serve(std::move(ends.here), std::make_unique<Echo>());
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

// Again and again, failing one call later each time, until no call is left to fail.
Deferred<void> at_each_call(Bed& bed, Deferred<void> (*scenario)(Bed&), int error) {
  bed.expect_log();
  for (long n = 0; n < (bed.faults().slow() ? 60 : 400); ++n) {
    const Faults faults{.most_read = bed.faults().most_read, .most_written = bed.faults().most_written,
                        .fail_at = n, .error = error};
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

struct Scenario {
  const char* name;
  Deferred<void> (*run)(Bed&);
  bool listens;
};
const Scenario kScenarios[] = {
    {"an exchange", exchange, false}, {"a bulk transfer", bulk, false},   {"protocols", protocols, false},
    {"dropped operations", dropped, false}, {"a port", served, true},
};
const int kErrors[] = {ECONNRESET, EPIPE, ETIMEDOUT, ENOMEM, ENOBUFS, EMFILE, ENFILE, ECONNABORTED, EIO, ENOSPC, EPERM};

const bool kRegistered = [] {
  for (const auto& scenario : kScenarios) {
    for (const int error : kErrors) {
      cases().push_back({.group = "failing",
                         .name = std::string(scenario.name) + ", each call by " + ::strerrorname_np(error),
                         .possible = scenario.listens ? [](const Ability& has) { return has.listens; }
                                                      : [](const Ability&) { return true; },
                         .body = [run = scenario.run, error](Bed& bed) { return at_each_call(bed, run, error); },
                         .everywhere = true});
    }
  }
  return true;
}();

}  // namespace
