// The loop itself: timers, posted calls, calls from threads, descriptors; once for each poller.
#include "suite/fixtures.hpp"

#include <torc/async/looping_call.hpp>
#include <torc/reactor/threads.hpp>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <thread>

namespace {

using namespace contract;

LOOP_CASE(timers, "a sleep lasts at least as long as asked") {
  const auto begin = std::chrono::steady_clock::now();
  co_await sleep(5ms);
  EXPECT(std::chrono::steady_clock::now() - begin >= 4ms);
}
LOOP_CASE(timers, "fire in the order they are due") {
  std::string order;
  auto c = bed.reactor.call_later(6ms, [&] { order += "c"; });
  auto a = bed.reactor.call_later(2ms, [&] { order += "a"; });
  auto b = bed.reactor.call_later(4ms, [&] { order += "b"; });
  co_await sleep(10ms);
  EXPECT_EQ(order, "abc");
}
LOOP_CASE(timers, "due at one moment fire in the order they were set") {
  std::string order;
  std::vector<DelayedCall> calls;
  for (char c = 'a'; c <= 'j'; ++c) calls.push_back(bed.reactor.call_later(3ms, [&order, c] { order += c; }));
  co_await sleep(6ms);
  EXPECT_EQ(order, "abcdefghij");
}
LOOP_CASE(timers, "a cancelled call is not made") {
  bool called = false;
  auto call = bed.reactor.call_later(2ms, [&] { called = true; });
  EXPECT(call.active());
  call.cancel();
  EXPECT(!call.active());
  co_await sleep(5ms);
  EXPECT(!called);
}
LOOP_CASE(timers, "a dropped call is not made") {
  bool called = false;
  { auto call = bed.reactor.call_later(1ms, [&] { called = true; }); }
  co_await sleep(4ms);
  EXPECT(!called);
}
LOOP_CASE(timers, "a detached call is made") {
  bool called = false;
  bed.reactor.call_later(1ms, [&] { called = true; }).detach();
  co_await until([&] { return called; });
}
LOOP_CASE(timers, "a reset call is made later") {
  int calls = 0;
  auto call = bed.reactor.call_later(3ms, [&] { ++calls; });
  for (int i = 0; i < 5; ++i) {
    co_await sleep(1ms);
    if (calls == 0) EXPECT(call.reset(20ms));
  }
  EXPECT_EQ(calls, 0);
  co_await until([&] { return calls == 1; });
  EXPECT(!call.reset(1ms));
}
LOOP_CASE(timers, "a delayed call is made later by as much") {
  bool called = false;
  auto call = bed.reactor.call_later(2ms, [&] { called = true; });
  const auto due = call.due();
  EXPECT(call.delay(10ms));
  EXPECT(call.due() - due == 10ms);
  co_await until([&] { return called; });
}
LOOP_CASE(timers, "a call that throws is reported and the loop goes on") {
  bed.expect_log(1);
  bed.reactor.call_later(1ms, [] { throw Error("in a timer"); }).detach();
  bool called = false;
  bed.reactor.call_later(2ms, [&] { called = true; }).detach();
  co_await until([&] { return called; });
}
LOOP_CASE(timers, "a call may cancel another that is due with it") {
  bool called = false;
  DelayedCall second;
  bed.reactor.call_later(2ms, [&] { second.cancel(); }).detach();
  second = bed.reactor.call_later(2ms, [&] { called = true; });
  co_await sleep(5ms);
  EXPECT(!called);
}
LOOP_CASE(timers, "a call may set itself again") {
  int calls = 0;
  std::function<void()> again = [&] {
    if (++calls < 5) bed.reactor.call_later(1ms, again).detach();
  };
  again();
  co_await until([&] { return calls == 5; });
}
LOOP_CASE(timers, "one set in a call for now waits for the next turn") {
  std::string order;
  bed.reactor.call_later(1ms, [&] {
    bed.reactor.call_later(0ms, [&] { order += "b"; }).detach();
    order += "a";
  }).detach();
  co_await until([&] { return order.size() == 2; });
  EXPECT_EQ(order, "ab");
}
LOOP_CASE(timers, "ten thousand are all made") {
  int calls = 0;
  for (int i = 0; i < 10'000; ++i) {
    bed.reactor.call_later(std::chrono::microseconds(i), [&] { ++calls; }).detach();
  }
  co_await until([&] { return calls == 10'000; });
}
LOOP_CASE(timers, "a far one does not keep the loop from sleeping or ending") {
  auto call = bed.reactor.call_later(std::chrono::hours(24 * 365 * 100), [] {});
  co_await sleep(2ms);
  EXPECT(call.active());
}
LOOP_CASE(timers, "a negative delay is as good as none") {
  bool called = false;
  bed.reactor.call_later(-5ms, [&] { called = true; }).detach();
  co_await until([&] { return called; });
}
LOOP_CASE(timers, "a looping call keeps its rhythm") {
  int calls = 0;
  LoopingCall loop([&] { ++calls; });
  loop.start(1ms);
  co_await until([&] { return calls >= 5; });
  loop.stop();
  const int at_stop = calls;
  co_await sleep(5ms);
  EXPECT_EQ(calls, at_stop);
}
LOOP_CASE(timers, "a sleep that is dropped wakes nobody") {
  { auto dropped = sleep(1ms); }
  co_await sleep(3ms);
}
LOOP_CASE(timers, "a sleep that is cancelled says so") {
  auto nap = sleep(10s);
  nap.cancel();
  EXPECT((co_await as_outcome(std::move(nap))).error().check<Cancelled>());
}

LOOP_CASE(calls, "when running are made in their order") {
  std::string order;
  for (char c = 'a'; c <= 'e'; ++c) bed.reactor.call_when_running([&order, c] { order += c; });
  EXPECT_EQ(order, "");
  co_await until([&] { return order.size() == 5; });
  EXPECT_EQ(order, "abcde");
}
LOOP_CASE(calls, "made inside of a call wait for the next turn") {
  std::string order;
  bed.reactor.call_when_running([&] {
    bed.reactor.call_when_running([&] { order += "c"; });
    order += "a";
  });
  bed.reactor.call_when_running([&] { order += "b"; });
  co_await until([&] { return order.size() == 3; });
  EXPECT_EQ(order, "abc");
}
LOOP_CASE(calls, "that throw are reported and the others made") {
  bed.expect_log(1);
  bool called = false;
  bed.reactor.call_when_running([] { throw Error("in a call"); });
  bed.reactor.call_when_running([&] { called = true; });
  co_await until([&] { return called; });
}
LOOP_CASE(calls, "from another thread wake the loop") {
  bool called = false;
  std::thread other([&] { bed.reactor.call_from_thread([&] { called = true; }); });
  co_await until([&] { return called; });
  other.join();
}
LOOP_CASE(calls, "from a thread come in its order") {
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) bed.reactor.call_from_thread([&order, i] { order.push_back(i); });
  });
  co_await until([&] { return order.size() == 1000; });
  other.join();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}
LOOP_CASE(calls, "from eight threads are all made") {
  int calls = 0;
  std::vector<std::thread> others;
  for (int t = 0; t < 8; ++t) {
    others.emplace_back([&] {
      for (int i = 0; i < 500; ++i) bed.reactor.call_from_thread([&] { ++calls; });
    });
  }
  co_await until([&] { return calls == 4000; });
  for (auto& other : others) other.join();
}
LOOP_CASE(calls, "a job in a thread gives its result") {
  EXPECT_EQ(co_await defer_to_thread([] { return 6 * 7; }), 42);
}
LOOP_CASE(calls, "a job in a thread that throws fails") {
  auto outcome = co_await as_outcome(defer_to_thread([]() -> int { throw Error("in a thread"); }));
  EXPECT_EQ(outcome.error().message(), "in a thread");
}
// A descriptor that is watched by hand.
class Watching final : public torc::detail::Watch {
 public:
  Watching(Reactor& reactor, int fd) : reactor_(reactor), fd_(fd) { reactor_.watch(fd_, *this); }
  ~Watching() {
    if (watched) reactor_.unwatch(fd_, *this);
  }
  void stop() {
    watched = false;
    reactor_.unwatch(fd_, *this);
  }
  void ready(torc::detail::Readiness readiness) noexcept override {
    ++told;
    readable |= readiness.readable;
    writable |= readiness.writable;
    hung_up |= readiness.hung_up;
    if (then) then();
  }
  int told = 0;
  bool readable = false, writable = false, hung_up = false, watched = true;
  std::function<void()> then;

 private:
  Reactor& reactor_;
  int fd_;
};

struct Pair {
  Pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) throw SystemError("socketpair", errno);
    here = UniqueFd(fds[0]);
    there = UniqueFd(fds[1]);
  }
  // By calls that are not wrapped: these are not torc's.
  ssize_t ring() { return ::sendto(there.get(), "x", 1, 0, nullptr, 0); }
  UniqueFd here, there;
};

LOOP_CASE(descriptors, "a writable one is told so") {
  Pair pair;
  Watching watching(bed.reactor, pair.here.get());
  co_await until([&] { return watching.writable; });
  EXPECT(!watching.readable);
}
LOOP_CASE(descriptors, "one that gets a byte is readable") {
  Pair pair;
  Watching watching(bed.reactor, pair.here.get());
  co_await sleep(2ms);
  EXPECT(!watching.readable);
  EXPECT(pair.ring() == 1);
  co_await until([&] { return watching.readable; });
}
LOOP_CASE(descriptors, "each new byte after the drain is told") {
  Pair pair;
  Watching watching(bed.reactor, pair.here.get());
  for (int i = 0; i < 10; ++i) {
    watching.readable = false;
    EXPECT(pair.ring() == 1);
    co_await until([&] { return watching.readable; });
    char c;
    EXPECT(::recvfrom(pair.here.get(), &c, 1, 0, nullptr, nullptr) == 1);
    EXPECT(::recvfrom(pair.here.get(), &c, 1, 0, nullptr, nullptr) < 0);
  }
}
LOOP_CASE(descriptors, "one whose peer closes hangs up") {
  Pair pair;
  Watching watching(bed.reactor, pair.here.get());
  pair.there.reset();
  co_await until([&] { return watching.hung_up; });
}
LOOP_CASE(descriptors, "one that is unwatched is not told anything") {
  Pair pair;
  Watching watching(bed.reactor, pair.here.get());
  co_await until([&] { return watching.writable; });
  watching.stop();
  const int told = watching.told;
  EXPECT(pair.ring() == 1);
  co_await sleep(5ms);
  EXPECT_EQ(watching.told, told);
}
LOOP_CASE(descriptors, "one may be unwatched in the call of another that is ready with it") {
  Pair one, two;
  auto first = std::make_unique<Watching>(bed.reactor, one.here.get());
  auto second = std::make_unique<Watching>(bed.reactor, two.here.get());
  co_await until([&] { return first->writable && second->writable; });
  int calls = 0;
  first->then = [&] {
    ++calls;
    second.reset();
  };
  second->then = [&] {
    ++calls;
    first.reset();
  };
  EXPECT(one.ring() == 1);
  EXPECT(two.ring() == 1);
  co_await until([&] { return calls > 0; });
  co_await sleep(3ms);
  EXPECT(!first != !second);
}
LOOP_CASE(descriptors, "a number may be watched again at once by another") {
  for (int i = 0; i < 20; ++i) {
    Pair pair;
    Watching watching(bed.reactor, pair.here.get());
    co_await until([&] { return watching.writable; });
  }
}
LOOP_CASE(descriptors, "five hundred are each told") {
  std::vector<Pair> pairs(500);
  std::vector<std::unique_ptr<Watching>> watching;
  for (auto& pair : pairs) watching.push_back(std::make_unique<Watching>(bed.reactor, pair.here.get()));
  for (auto& pair : pairs) EXPECT(pair.ring() == 1);
  co_await until([&] { return std::ranges::all_of(watching, [](const auto& each) { return each->readable; }); });
}
LOOP_CASE(descriptors, "a file cannot be watched and says so") {
  const UniqueFd file = file_of("");
  bool refused = false;
  try {
    Watching watching(bed.reactor, file.get());
  } catch (const SystemError&) {
    refused = true;
  }
  EXPECT(refused);
  co_return;
}
LOOP_CASE(descriptors, "a closed one cannot be watched and says so") {
  bool refused = false;
  try {
    Watching watching(bed.reactor, 19'999);
  } catch (const SystemError&) {
    refused = true;
  }
  EXPECT(refused);
  co_return;
}

}  // namespace
