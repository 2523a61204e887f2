#include <torc/reactor/interfaces.hpp>

#include <torc/async/capability.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/reactor/thread_pool.hpp>

#include <gtest/gtest.h>

#include <sys/eventfd.h>

#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace torc {
namespace {

// Three pieces of code that need one capability each.
void tell_from_a_thread(FromThreads& home, int& told) {
  std::thread([&] { home.call_from_thread([&] { ++told; }); }).join();
}

class Edge final : public detail::Watch {
 public:
  Edge(DescriptorSet& set, int fd) : set_(set), fd_(fd) { set_.watch(fd_, *this); }
  ~Edge() { set_.unwatch(fd_, *this); }
  std::move_only_function<void()> told;

 private:
  void ready(detail::Readiness readiness) noexcept override {
    if (readiness.readable) told();
  }
  DescriptorSet& set_;
  int fd_;
};

Deferred<int> on_a_thread(Threads& threads) {
  return threads.thread_pool().defer([] { return 7; });
}

struct ManualHome final : FromThreads {
  void call_from_thread(std::move_only_function<void()> f) override { calls.push_back(std::move(f)); }
  std::vector<std::move_only_function<void()>> calls;
};

TEST(Interfaces, CodeThatNeedsOnlyOneRunsWithoutAReactor) {
  ManualHome home;
  int told = 0;
  tell_from_a_thread(home, told);
  EXPECT_EQ(told, 0);
  for (auto& call : home.calls) call();
  EXPECT_EQ(told, 1);
}

TEST(Interfaces, AReactorIsAllOfThem) {
  Reactor reactor;
  int told = 0, given = 0;
  const UniqueFd event(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
  std::optional<Edge> edge;
  std::optional<Deferred<void>> job;
  reactor.call_when_running([&] {
    tell_from_a_thread(reactor, told);
    job = on_a_thread(reactor).then([&](int value) {
      given = value;
      edge.emplace(reactor, event.get());
      edge->told = [&] { reactor.stop(); };
    });
  });
  reactor.run();
  edge.reset();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(given, 7);
}

struct Weather {
  int degrees;
};

TEST(Capabilities, TheLastThatWasOfferedIsFoundWhileItLives) {
  std::optional<Reactor> reactor(std::in_place);
  EXPECT_EQ(reactor->find<Weather>(), nullptr);
  Weather warm{30}, cold{-5};
  const Offers<Weather> first(*reactor, warm);
  EXPECT_EQ(reactor->find<Weather>()->degrees, 30);
  {
    const Offers<Weather> second(*reactor, cold);
    EXPECT_EQ(reactor->find<Weather>()->degrees, -5);
    EXPECT_EQ(reactor->find<int>(), nullptr);
  }
  EXPECT_EQ(reactor->find<Weather>()->degrees, 30);
  reactor.reset();  // the offer may outlive it
}

}  // namespace
}  // namespace torc
