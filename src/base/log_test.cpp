#include "torc/base/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <regex>
#include <stdexcept>
#include <thread>

#include "torc/base/unique_fd.hpp"

namespace torc {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

std::string line(LogRecord record) {
  record.time = std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} + 20h + 31min + 123ms;
  return log::format(record);
}

// What `body` writes to standard error, and in how many pieces: a packet pipe keeps writes apart.
struct StderrOutput {
  std::string text;
  int writes = 0;
};
template <typename Body>
StderrOutput stderr_of(Body body) {
  int fds[2];
  if (::pipe2(fds, O_DIRECT | O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("pipe2");
  UniqueFd reader{fds[0]}, writer{fds[1]}, saved{::dup(STDERR_FILENO)};
  ::dup2(writer.get(), STDERR_FILENO);
  body();
  ::dup2(saved.get(), STDERR_FILENO);
  StderrOutput out;
  char buffer[65536];
  for (ssize_t n; (n = ::read(reader.get(), buffer, sizeof buffer)) > 0; ++out.writes)
    out.text.append(buffer, static_cast<std::size_t>(n));
  return out;
}

// Runs `body` in a child whose TORC_LOG is `value`, and returns its exit status: the variable is read once a process.
template <typename Body>
int exit_status_with_torc_log(const char* value, Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the child has one thread
    value == nullptr ? ::unsetenv("TORC_LOG") : ::setenv("TORC_LOG", value, 1);
    log::detail::threshold = log::detail::kUnread;
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

class LogTest : public testing::Test {
 protected:
  std::shared_ptr<log::CaptureSink> captured_ = std::make_shared<log::CaptureSink>();
  log::ScopedSink scope_{captured_, LogLevel::kInfo};
};

TEST_F(LogTest, RecordsCarryLevelComponentMessageTimeAndPlace) {
  const auto before = std::chrono::system_clock::now();
  log::info("net", "listening");
  const auto place = std::source_location::current();
  const auto records = captured_->records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].level, LogLevel::kInfo);
  EXPECT_EQ(records[0].component, "net");
  EXPECT_EQ(records[0].message, "listening");
  EXPECT_GE(records[0].time, before);
  EXPECT_LE(records[0].time, std::chrono::system_clock::now());
  EXPECT_EQ(records[0].where.line(), place.line() - 1);
}

TEST_F(LogTest, EachFunctionHasItsLevel) {
  log::set_level(LogLevel::kDebug);
  log::debug("t", "d"), log::info("t", "i"), log::warning("t", "w"), log::error("t", "e"), log::critical("t", "c");
  EXPECT_EQ(captured_->text(), "debug t: d\ninfo t: i\nwarning t: w\nerror t: e\ncritical t: c\n");
  EXPECT_EQ(captured_->count(), 5u);
  EXPECT_EQ(captured_->count(LogLevel::kError), 2u);
}

TEST_F(LogTest, NothingBelowTheThresholdReachesTheSink) {
  log::set_level(LogLevel::kError);
  EXPECT_FALSE(log::enabled(LogLevel::kWarning));
  EXPECT_TRUE(log::enabled(LogLevel::kError));
  log::debug("t", "x"), log::info("t", "x"), log::warning("t", "x"), log::error("t", "kept");
  log::write({.level = LogLevel::kInfo, .component = "t", .message = "x"});
  EXPECT_EQ(captured_->text(), "error t: kept\n");
}

TEST_F(LogTest, ScopesNestAndRestoreSinkAndLevel) {
  auto inner = std::make_shared<log::CaptureSink>();
  {
    log::ScopedSink scope{inner, LogLevel::kDebug};
    log::debug("t", "inner");
  }
  log::debug("t", "dropped");
  log::info("t", "outer");
  EXPECT_EQ(inner->text(), "debug t: inner\n");
  EXPECT_EQ(captured_->text(), "info t: outer\n");
  EXPECT_EQ(log::level(), LogLevel::kInfo);
}

TEST_F(LogTest, SetSinkReturnsTheOneBefore) {
  auto other = std::make_shared<log::CaptureSink>();
  EXPECT_EQ(log::set_sink(other), captured_);
  EXPECT_EQ(log::set_sink(captured_), other);
}

TEST_F(LogTest, CaptureSearchesMessagesAndDetailsAndForgets) {
  log::write({.component = "t", .message = "failed", .detail = "at line 7\nat line 8"});
  EXPECT_TRUE(captured_->contains("fail"));
  EXPECT_TRUE(captured_->contains("line 8"));
  EXPECT_FALSE(captured_->contains("line 9"));
  captured_->clear();
  EXPECT_EQ(captured_->count(), 0u);
}

TEST_F(LogTest, ErrnoIsKept) {
  errno = ECONNRESET;
  log::info("t", "x");
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(LogTest, ThreadsLogAtOnceAndSwapSinksMeanwhile) {
  constexpr int kThreads = 4, kEach = 2000;
  auto other = std::make_shared<log::CaptureSink>();
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([] {
        for (int i = 0; i < kEach; ++i) log::info("t", "x");
      });
    for (int i = 0; i < 200; ++i) log::set_sink(i % 2 == 0 ? other : captured_);
  }
  EXPECT_EQ(captured_->count() + other->count(), static_cast<std::size_t>(kThreads * kEach));
}

struct ThrowingSink : log::Sink {
  void write(const LogRecord&) override { throw std::runtime_error("disk full"); }
};
struct RecursiveSink : log::Sink {
  int calls = 0;
  void write(const LogRecord&) override {
    ++calls;
    log::warning("sink", "rotating");
  }
};

TEST_F(LogTest, ARecordThatItsSinkRefusesGoesToStandardError) {
  const auto out = stderr_of([] {
    log::ScopedSink scope{std::make_shared<ThrowingSink>()};
    log::error("db", "gone");
  });
  EXPECT_TRUE(out.text.ends_with(" error db: gone\n")) << out.text;
}

TEST_F(LogTest, ASinkThatLogsDoesNotCallItself) {
  auto sink = std::make_shared<RecursiveSink>();
  const auto out = stderr_of([&] {
    log::ScopedSink scope{sink};
    log::info("t", "one");
    log::info("t", "two");
  });
  EXPECT_EQ(sink->calls, 2);
  EXPECT_EQ(out.writes, 2);
  EXPECT_TRUE(out.text.contains("warning sink: rotating\n")) << out.text;
}

TEST_F(LogTest, StandardErrorGetsOneWriteForARecord) {
  const auto out = stderr_of([] {
    log::ScopedSink scope{nullptr};
    log::info("net", "listening on [::]:8080");
    log::write({.level = LogLevel::kError, .component = "net", .message = "failed", .detail = "one\ntwo\n"});
  });
  EXPECT_EQ(out.writes, 2);
  EXPECT_TRUE(
      std::regex_match(out.text, std::regex{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info net: listening on \[::\]:8080
\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z error net: failed
    one
    two
)"})) << out.text;
}

TEST_F(LogTest, AConsoleThatIsFullOrClosedDoesNotHoldTheProgram) {
  log::ScopedSink scope{nullptr};
  stderr_of([] {
    for (int i = 0; i < 100000; ++i) log::info("t", "more than the pipe holds, which does not block");
  });
  UniqueFd saved{::dup(STDERR_FILENO)};
  ::close(STDERR_FILENO);
  log::info("t", "nowhere to go");
  ::dup2(saved.get(), STDERR_FILENO);
}

TEST(LogFormat, IsTimeLevelComponentMessage) {
  EXPECT_EQ(line({.component = "net", .message = "message"}), "2026-11-20T20:31:00.123Z info net: message\n");
  EXPECT_TRUE(log::format({.component = "t", .message = "m", .time = std::chrono::system_clock::time_point{-1ms}})
                  .starts_with("1969-12-31T23:59:59.999Z "));
}

TEST(LogFormat, HostileTextForgesNoLine) {
  EXPECT_EQ(
      line({.component = "http", .message = "GET /\r\n2026-11-20T20:31:00.123Z critical root: pwned\x1b[2J\0end"sv}),
      "2026-11-20T20:31:00.123Z info http: "
      "GET /\\r\\n2026-11-20T20:31:00.123Z critical root: pwned\\x1b[2J\\x00end\n");
  EXPECT_EQ(line({.component = "a\nb", .message = ""}), "2026-11-20T20:31:00.123Z info a\\nb: \n");
}

TEST(LogFormat, EveryLineOfADetailIsIndented) {
  EXPECT_EQ(line({.component = "t", .message = "m", .detail = "one\n\ntwo\x1b\r\nthree"}),
            "2026-11-20T20:31:00.123Z info t: m\n    one\n    \n    two\\x1b\\r\n    three\n");
  EXPECT_EQ(line({.component = "t", .message = "m", .detail = "one\n"}),
            "2026-11-20T20:31:00.123Z info t: m\n    one\n");
}

TEST(LogFormat, HugeTextIsCutAndSaysSo) {
  const std::string huge(1 << 20, 'x');
  const std::string text = line({.component = huge, .message = huge, .detail = huge});
  EXPECT_LT(text.size(), 80000u);
  EXPECT_TRUE(text.contains("... (1040384 more bytes)\n    x"));
  EXPECT_TRUE(text.ends_with("\n    ... (983040 more bytes)\n"));
}

TEST(LogLevels, HaveNames) {
  for (auto level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError, LogLevel::kCritical})
    EXPECT_EQ(parse_log_level(to_string(level)), level);
  EXPECT_EQ(parse_log_level("warn"), LogLevel::kWarning);
  for (auto text : {"", "Debug", "INFO", "info ", "trace", "0"}) EXPECT_EQ(parse_log_level(text), std::nullopt) << text;
  EXPECT_EQ(to_string(static_cast<LogLevel>(77)), "unknown");
}

TEST(LogLevels, TorcLogChoosesTheThreshold) {
  const auto level = [] { return static_cast<int>(log::level()); };
  EXPECT_EQ(exit_status_with_torc_log("debug", level), static_cast<int>(LogLevel::kDebug));
  EXPECT_EQ(exit_status_with_torc_log("warn", level), static_cast<int>(LogLevel::kWarning));
  EXPECT_EQ(exit_status_with_torc_log("critical", level), static_cast<int>(LogLevel::kCritical));
  EXPECT_EQ(exit_status_with_torc_log(nullptr, level), static_cast<int>(LogLevel::kInfo));
  EXPECT_EQ(exit_status_with_torc_log("debug", [] { return log::enabled(LogLevel::kDebug) ? 1 : 0; }), 1);
  EXPECT_EQ(exit_status_with_torc_log("debug",
                                      [] { return log::set_level(LogLevel::kError), static_cast<int>(log::level()); }),
            static_cast<int>(LogLevel::kError));
}

TEST(LogLevels, AnUnknownTorcLogIsReportedOnceAndMeansInfo) {
  EXPECT_EQ(
      exit_status_with_torc_log("loud",
                                [] {
                                  auto captured = std::make_shared<log::CaptureSink>();
                                  log::set_sink(captured);
                                  const bool info = log::level() == LogLevel::kInfo && log::level() == LogLevel::kInfo;
                                  return info && captured->count() == 1 && captured->contains("TORC_LOG is not") &&
                                                 captured->contains("loud")
                                             ? 1
                                             : 0;
                                }),
      1);
}

TEST_F(LogTest, RateLimitWritesOneRecordAnIntervalAndCountsTheRest) {
  log::RateLimit limit{1s};
  limit.write(LogLevel::kWarning, "net", "accept failed", 10s);
  for (int i = 0; i < 17; ++i) limit.write(LogLevel::kWarning, "net", "accept failed", 10s + 50ms * i);
  limit.write(LogLevel::kWarning, "net", "accept failed", 11s);
  limit.write(LogLevel::kWarning, "net", "accept failed", 12s);
  EXPECT_EQ(captured_->text(),
            "warning net: accept failed\n"
            "warning net: accept failed (17 more suppressed)\n"
            "warning net: accept failed\n");
}

TEST_F(LogTest, RateLimitOpensExactlyAtTheInterval) {
  log::RateLimit limit{1s};
  EXPECT_EQ(limit.admit(0ns), 0u) << "the first is let through at any time";
  EXPECT_EQ(limit.admit(1s - 1ns), std::nullopt);
  EXPECT_EQ(limit.admit(1s), 1u);
  EXPECT_EQ(limit.admit(1s), std::nullopt);
  EXPECT_EQ(limit.admit(999h), 1u);
  log::RateLimit none{0ns};
  EXPECT_EQ(none.admit(5s), 0u);
  EXPECT_EQ(none.admit(5s), 0u);
}

TEST_F(LogTest, RateLimitsAreIndependent) {
  log::RateLimit a{1s}, b{1s};
  a.write(LogLevel::kInfo, "t", "a", 0s);
  b.write(LogLevel::kInfo, "t", "b", 0s);
  EXPECT_EQ(captured_->count(), 2u);
}

TEST_F(LogTest, RateLimitIgnoresRecordsBelowTheThreshold) {
  log::RateLimit limit{1s};
  limit.write(LogLevel::kDebug, "t", "quiet", 0s);
  limit.write(LogLevel::kInfo, "t", "loud", 0s);
  EXPECT_EQ(captured_->text(), "info t: loud\n");
}

}  // namespace
}  // namespace torc
