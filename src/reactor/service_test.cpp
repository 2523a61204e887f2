#include <torc/reactor/reactor.hpp>

#include <gtest/gtest.h>

#include <string>

namespace torc {
namespace {

std::string events;

struct First {
  First() { events += "first "; }
  ~First() { events += "~first "; }
  int calls = 0;
};

struct Second {
  Second() : first(Reactor::required("a test").service<First>()) { events += "second "; }
  ~Second() { events += first.calls == 2 && Reactor::current() ? "~second " : "too late "; }
  First& first;
};

TEST(ReactorService, IsMadeOnceAndOutlivedByWhatItUses) {
  events.clear();
  {
    Reactor reactor;
    reactor.call_when_running([&] {
      reactor.service<Second>().first.calls++;
      reactor.service<First>().calls++;
      reactor.stop();
    });
    EXPECT_EQ(events, "");
    reactor.run();
    EXPECT_EQ(events, "first second ");
  }
  EXPECT_EQ(events, "first second ~second ~first ");
}

TEST(ReactorService, EachReactorHasItsOwn) {
  events.clear();
  Reactor one, other;
  EXPECT_NE(&one.service<First>(), &other.service<First>());
  EXPECT_EQ(&one.service<First>(), &one.service<First>());
}

}  // namespace
}  // namespace torc
