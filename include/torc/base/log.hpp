// torc::log: where the engine, and programs built on it, say what went wrong.
//
// A record has a level, the component that speaks ("net", "http", the program's own), a message of one line and, rarely,
// a detail of several (a traceback). Records go to one Sink for the whole process, by default standard error:
//
//   2026-11-20T20:31:00.123Z info net: listening on [::]:8080
//
// Programs replace the sink (log::set_sink), tests capture records (CaptureSink). Below the threshold
// a record costs one relaxed load; ask enabled() before formatting a message that costs more.
//
// Thread: every function here may be called from any thread, also during start-up and exit. Nothing here throws to the
// caller: a sink that fails is bypassed, its record goes to standard error.
// Text from the network may be logged as it is: sinks of torc escape what could forge a line or steer a terminal.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace torc {

// kError: something asked for did not happen. kCritical: the program cannot go on as configured.
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError, kCritical };

// "debug", "info", "warning", "error", "critical".
std::string_view to_string(LogLevel level) noexcept;
// The same names, and "warn"; nothing for any other text.
std::optional<LogLevel> parse_log_level(std::string_view text) noexcept;

// What a Sink is given. The views are valid during the call only.
struct LogRecord {
  LogLevel level = LogLevel::kInfo;
  std::string_view component;
  std::string_view message;  // one line; a line break in it is escaped
  std::string_view detail = {};  // more lines, printed indented below the message
  std::chrono::system_clock::time_point time{};  // filled in by log::write() when left alone
  std::source_location where = std::source_location::current();
};

}  // namespace torc

namespace torc::log {

namespace detail {
inline constexpr int kUnread = -1;
extern std::atomic<int> threshold;  // kUnread until TORC_LOG has been looked at
int read_threshold() noexcept;
}  // namespace detail

// Whether a record of this level would reach the sink.
inline bool enabled(LogLevel level) noexcept {
  int threshold = detail::threshold.load(std::memory_order_relaxed);
  if (threshold == detail::kUnread) [[unlikely]]
    threshold = detail::read_threshold();
  return static_cast<int>(level) >= threshold;
}

// The lowest level that is written. At start it is that of the environment variable TORC_LOG (TORC_LOG=debug), else info.
void set_level(LogLevel level) noexcept;
LogLevel level() noexcept;

// Hands the record to the sink if its level is enabled.
void write(LogRecord record) noexcept;

// One line each, already formatted: log::warning("net", "accept: too many open files").
inline void debug(std::string_view component, std::string_view message,
                  std::source_location where = std::source_location::current()) noexcept {
  if (enabled(LogLevel::kDebug)) write({LogLevel::kDebug, component, message, {}, {}, where});
}
inline void info(std::string_view component, std::string_view message,
                 std::source_location where = std::source_location::current()) noexcept {
  if (enabled(LogLevel::kInfo)) write({LogLevel::kInfo, component, message, {}, {}, where});
}
inline void warning(std::string_view component, std::string_view message,
                    std::source_location where = std::source_location::current()) noexcept {
  write({LogLevel::kWarning, component, message, {}, {}, where});
}
inline void error(std::string_view component, std::string_view message,
                  std::source_location where = std::source_location::current()) noexcept {
  write({LogLevel::kError, component, message, {}, {}, where});
}
inline void critical(std::string_view component, std::string_view message,
                     std::source_location where = std::source_location::current()) noexcept {
  write({LogLevel::kCritical, component, message, {}, {}, where});
}

// Receives every record that passes the threshold.
//
// Thread: write() is called on the thread that logs, by several at once; an implementation guards its own state.
// Errors: it may throw; the record then goes to standard error. So does a record logged from inside write(), which is how
// a sink reports its own trouble without calling itself.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(const LogRecord& record) = 0;
};

// Replaces the sink of the process and returns the one before; null stands for standard error, in both directions.
// Lifetime: a write already under way on another thread keeps the old sink alive until it returns.
std::shared_ptr<Sink> set_sink(std::shared_ptr<Sink> sink) noexcept;

// The default sink, for a sink of your own that also wants the console: one write(2) call a record, never a colour.
Sink& stderr_sink() noexcept;

// A record as torc's text sinks print it, each line ended by '\n'; control bytes and what is not UTF-8 escaped, message
// and detail cut at 8 KiB and 64 KiB. Every line of the detail is indented, so that none can pass for a record.
std::string format(const LogRecord& record);

// Sets a sink, and a level if given, until the end of the scope. Scopes nest; they end in reverse order.
class [[nodiscard]] ScopedSink {
 public:
  explicit ScopedSink(std::shared_ptr<Sink> sink) noexcept;
  ScopedSink(std::shared_ptr<Sink> sink, LogLevel level) noexcept;
  ScopedSink(const ScopedSink&) = delete;
  ScopedSink& operator=(const ScopedSink&) = delete;
  ~ScopedSink();

 private:
  std::shared_ptr<Sink> previous_;
  LogLevel previous_level_;
};

// Keeps what is logged; for tests:
//
//   auto captured = std::make_shared<log::CaptureSink>();
//   log::ScopedSink scope{captured};
//   ...
//   EXPECT_EQ(captured->count(LogLevel::kError), 0u);
class CaptureSink : public Sink {
 public:
  struct Record {
    LogLevel level;
    std::string component, message, detail;
    std::chrono::system_clock::time_point time;
    std::source_location where;
  };

  CaptureSink();
  ~CaptureSink() override;
  void write(const LogRecord& record) override;

  std::vector<Record> records() const;  // in the order they came
  std::size_t count(LogLevel at_least = LogLevel::kDebug) const;
  bool contains(std::string_view text) const;  // in any message or detail
  std::string text() const;  // all of them as format() prints, without the time: for failure messages
  void clear();

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// Lets at most one record per interval through, and tells how many it held back: "accept: EMFILE (17 more suppressed)".
// For what an attacker or a full disk can repeat a thousand times a second; one object per message, beside what it watches.
//
// The caller passes the time (any monotonic clock: the reactor's, a test's). Records held back after the last one written
// are counted with the next; if none comes they go unmentioned.
// Thread: its owner's; it has no lock.
class RateLimit {
 public:
  explicit RateLimit(std::chrono::nanoseconds interval) noexcept : interval_(interval) {}

  // Counts one record: nothing if it is to be held back, else the number that was held back since the last let through.
  // For callers that format a costly message only when it will be seen.
  std::optional<std::uint64_t> admit(std::chrono::nanoseconds now) noexcept;

  // Writes the record if it may be written now. A record below the threshold is not counted.
  void write(LogLevel level, std::string_view component, std::string_view message, std::chrono::nanoseconds now,
             std::source_location where = std::source_location::current()) noexcept;

 private:
  std::chrono::nanoseconds interval_;
  std::optional<std::chrono::nanoseconds> last_;
  std::uint64_t suppressed_ = 0;
};

}  // namespace torc::log
