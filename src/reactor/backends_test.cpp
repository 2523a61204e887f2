// Choosing what the loop waits with; docs/howto/pollers.md quotes from here.
#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>
#include <torc/reactor/hosting.hpp>
#include <torc/reactor/reactor.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

namespace torc {
namespace {

// TORC_BACKEND, put back afterwards.
struct Environment {
  explicit Environment(const char* value) : before(std::getenv("TORC_BACKEND") ? std::getenv("TORC_BACKEND") : "") {
    ::setenv("TORC_BACKEND", value, 1);
  }
  ~Environment() { before.empty() ? ::unsetenv("TORC_BACKEND") : ::setenv("TORC_BACKEND", before.c_str(), 1); }
  std::string before;
};

TEST(Backends, TheEnvironmentChoosesForWhoDidNot) {
  const Environment environment("poll");
  EXPECT_EQ(Reactor().backend(), Backend::kPoll);
  EXPECT_EQ(Reactor({.backend = Backend::kEpoll}).backend(), Backend::kEpoll);
}

TEST(Backends, ANameThatIsNoneIsOneLineInTheLogAndEpoll) {
  const Environment environment("iocp");
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  EXPECT_EQ(Reactor().backend(), Backend::kEpoll);
  EXPECT_TRUE(captured->contains("TORC_BACKEND=iocp names no backend")) << captured->text();
  EXPECT_EQ(captured->count(), 1u);
}

TEST(Backends, HaveNamesThatAreReadBack) {
  for (const Backend backend : {Backend::kEpoll, Backend::kPoll, Backend::kUring, Backend::kKqueue}) {
    EXPECT_EQ(parse_backend(to_string(backend)), backend);
  }
  EXPECT_EQ(parse_backend(""), std::nullopt);
}

TEST(Backends, WhatIsNotThereIsReplacedByEpollWithOneLine) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  torc::Reactor reactor{{.backend = torc::Backend::kUring}};
  if (reactor.backend() != torc::Backend::kUring) std::puts("no io_uring here: the log says why");
  EXPECT_EQ(captured->count(), reactor.backend() == Backend::kUring ? 0u : 1u) << captured->text();
}

TEST(Backends, PollCannotBeHostedAndSaysWhatCan) {
  Reactor reactor({.backend = Backend::kPoll});
  try {
    Hosting hosting(reactor);
    FAIL() << "hosted";
  } catch (const Error& refused) {
    EXPECT_NE(std::string(refused.what()).find("choose Backend::kEpoll or Backend::kUring"), std::string::npos);
  }
  EXPECT_FALSE(reactor.running());
  reactor.call_when_running([&] { reactor.stop(); });
  reactor.run();
}

TEST(Backends, MaySpinBeforeTheySleep) {
  torc::Reactor reactor{{.spin = std::chrono::microseconds(50)}};
  bool called = false;
  auto call = reactor.call_later(std::chrono::milliseconds(2), [&] {
    called = true;
    reactor.stop();
  });
  reactor.run();
  EXPECT_TRUE(called);
}

}  // namespace
}  // namespace torc
