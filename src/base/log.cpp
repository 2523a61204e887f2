#include "torc/base/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "base/escape.hpp"

namespace torc {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warning", "error", "critical"};

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
  const auto index = static_cast<std::size_t>(level);
  return index < kLevelNames.size() ? kLevelNames[index] : "unknown";
}

std::optional<LogLevel> parse_log_level(std::string_view text) noexcept {
  if (text == "warn") return LogLevel::kWarning;
  const auto* name = std::ranges::find(kLevelNames, text);
  if (name == kLevelNames.end()) return std::nullopt;
  return static_cast<LogLevel>(name - kLevelNames.begin());
}

}  // namespace torc

namespace torc::log {
namespace {

constexpr std::size_t kMaxMessage = 8 << 10, kMaxDetail = 64 << 10;

class StderrSink final : public Sink {
 public:
  void write(const LogRecord& record) override {
    const std::string text = format(record);
    std::string_view rest = text;
    // One call is enough unless a signal or a full pipe cuts it. A console that cannot take more must not hold the program.
    while (!rest.empty()) {
      const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }
};

// Never destroyed: records are written until the very end of the process.
struct Current {
  std::mutex mutex;
  std::shared_ptr<Sink> sink;  // null: standard error
};
Current& current() {
  static Current& instance = *new Current;
  return instance;
}

std::shared_ptr<Sink> current_sink() {
  std::lock_guard lock{current().mutex};
  return current().sink;
}

thread_local bool inside_sink = false;

// Leaves errno and the flag as they were: a log line in an error path must not change what is reported next.
struct WriteScope {
  int saved_errno = errno;
  bool outermost = !std::exchange(inside_sink, true);
  ~WriteScope() {
    if (outermost) inside_sink = false;
    errno = saved_errno;
  }
};

void append_cut(std::string& out, std::string_view text, std::size_t limit) {
  torc::detail::append_escaped(out, text.substr(0, limit));
  if (text.size() > limit) fmt::format_to(std::back_inserter(out), "... ({} more bytes)", text.size() - limit);
}

// Level, component and message, then the detail; the part of a line that does not depend on the clock.
void append_body(std::string& out, const LogRecord& record) {
  out += to_string(record.level);
  out += ' ';
  torc::detail::append_escaped(out, record.component.substr(0, 100));
  out += ": ";
  append_cut(out, record.message, kMaxMessage);
  out += '\n';

  std::string_view detail = record.detail;
  const std::size_t cut = detail.size() > kMaxDetail ? detail.size() - kMaxDetail : 0;
  detail.remove_suffix(cut);
  while (!detail.empty()) {
    const std::size_t end = std::min(detail.find('\n'), detail.size());
    out += "    ";
    torc::detail::append_escaped(out, detail.substr(0, end));
    out += '\n';
    detail.remove_prefix(std::min(end + 1, detail.size()));
  }
  if (cut > 0) fmt::format_to(std::back_inserter(out), "    ... ({} more bytes)\n", cut);
}

void append_time(std::string& out, std::chrono::system_clock::time_point time) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(milliseconds);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{milliseconds - day};
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z ", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                 clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace

namespace detail {

constinit std::atomic<int> threshold{kUnread};

int read_threshold() noexcept {
  const char* text = std::getenv("TORC_LOG");  // NOLINT(concurrency-mt-unsafe): setenv is the unsafe one
  const auto chosen = text == nullptr ? LogLevel::kInfo : parse_log_level(text);
  int expected = kUnread;
  const bool first = threshold.compare_exchange_strong(expected, static_cast<int>(chosen.value_or(LogLevel::kInfo)));
  if (first && !chosen) warning("log", std::string{"TORC_LOG is not debug, info, warning, error or critical: "} + text);
  return threshold.load();
}

}  // namespace detail

void set_level(LogLevel level) noexcept { detail::threshold.store(static_cast<int>(level)); }

LogLevel level() noexcept {
  const int threshold = detail::threshold.load();
  return static_cast<LogLevel>(threshold == detail::kUnread ? detail::read_threshold() : threshold);
}

void write(LogRecord record) noexcept {
  if (!enabled(record.level)) return;
  WriteScope scope;
  try {
    if (record.time == std::chrono::system_clock::time_point{}) record.time = std::chrono::system_clock::now();
    if (auto sink = scope.outermost ? current_sink() : nullptr) {
      try {
        sink->write(record);
        return;
      } catch (...) {  // what it says is lost, the record is not
      }
    }
    stderr_sink().write(record);
  } catch (...) {  // no memory for one line: nothing left to say it with
  }
}

std::shared_ptr<Sink> set_sink(std::shared_ptr<Sink> sink) noexcept {
  std::lock_guard lock{current().mutex};
  return std::exchange(current().sink, std::move(sink));
}

Sink& stderr_sink() noexcept {
  static StderrSink& sink = *new StderrSink;  // NOLINT(bugprone-unhandled-exception-at-new): one pointer, at start
  return sink;
}

std::string format(const LogRecord& record) {
  std::string out;
  out.reserve(64 + record.component.size() + std::min(record.message.size(), kMaxMessage));
  append_time(out, record.time);
  append_body(out, record);
  return out;
}

ScopedSink::ScopedSink(std::shared_ptr<Sink> sink) noexcept : ScopedSink(std::move(sink), level()) {}

ScopedSink::ScopedSink(std::shared_ptr<Sink> sink, LogLevel level) noexcept
    : previous_(set_sink(std::move(sink))), previous_level_(log::level()) {
  set_level(level);
}

ScopedSink::~ScopedSink() {
  set_level(previous_level_);
  set_sink(std::move(previous_));
}

struct CaptureSink::State {
  std::mutex mutex;
  std::vector<Record> records;
};

CaptureSink::CaptureSink() : state_(std::make_unique<State>()) {}
CaptureSink::~CaptureSink() = default;

void CaptureSink::write(const LogRecord& record) {
  Record copy{
      record.level, std::string{record.component}, std::string{record.message}, std::string{record.detail}, record.time,
      record.where};
  std::lock_guard lock{state_->mutex};
  state_->records.push_back(std::move(copy));
}

std::vector<CaptureSink::Record> CaptureSink::records() const {
  std::lock_guard lock{state_->mutex};
  return state_->records;
}

std::size_t CaptureSink::count(LogLevel at_least) const {
  std::lock_guard lock{state_->mutex};
  return static_cast<std::size_t>(
      std::ranges::count_if(state_->records, [&](const Record& record) { return record.level >= at_least; }));
}

bool CaptureSink::contains(std::string_view text) const {
  std::lock_guard lock{state_->mutex};
  return std::ranges::any_of(state_->records, [&](const Record& record) {
    return record.message.contains(text) || record.detail.contains(text);
  });
}

std::string CaptureSink::text() const {
  std::string out;
  for (const Record& record : records())
    append_body(out, {record.level, record.component, record.message, record.detail});
  return out;
}

void CaptureSink::clear() {
  std::lock_guard lock{state_->mutex};
  state_->records.clear();
}

std::optional<std::uint64_t> RateLimit::admit(std::chrono::nanoseconds now) noexcept {
  if (last_ && now - *last_ < interval_) {
    ++suppressed_;
    return std::nullopt;
  }
  last_ = now;
  return std::exchange(suppressed_, 0);
}

void RateLimit::write(LogLevel level, std::string_view component, std::string_view message,
                      std::chrono::nanoseconds now, std::source_location where) noexcept {
  if (!enabled(level)) return;
  const auto held_back = admit(now);
  if (!held_back) return;
  if (*held_back == 0) return log::write({level, component, message, {}, {}, where});
  try {
    log::write({level, component, fmt::format("{} ({} more suppressed)", message, *held_back), {}, {}, where});
  } catch (...) {
    log::write({level, component, message, {}, {}, where});
  }
}

}  // namespace torc::log
