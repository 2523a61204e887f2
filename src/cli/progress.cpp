#include "cli/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace torc::cli {

namespace {

constexpr std::size_t kNumbers = 30;  // " 100%  999.9 MB  999.9 MB/s" and space around it
constexpr std::size_t kLeastBar = 12;
constexpr const char* kHideCursor = "\x1b[?25l";
constexpr const char* kShowCursor = "\x1b[?25h";

struct Size {
  std::size_t columns, rows;
};

Size size_of(int terminal) noexcept {
  winsize size{};
  if (::ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {80, 24};
  return {size.ws_col, size.ws_row == 0 ? std::size_t{24} : size.ws_row};
}

std::string bytes(double count) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; count >= 999.95 && unit + 1 < kUnits.size(); ++unit) count /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", count, kUnits[unit]);
  return text;
}

std::string right(std::string text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

// Cut in the middle: the ends of names tell more than what is between.
std::string fitted(std::string text, std::size_t width) {
  if (text.size() > width) {
    const std::size_t tail = width > 8 ? width / 2 - 1 : 0;
    text =
        text.substr(0, width - tail - (width > 1 ? 1 : 0)) + (width > 1 ? "~" : "") + text.substr(text.size() - tail);
  }
  return text + std::string(width - std::min(width, text.size()), ' ');
}

std::string bar(double part, std::size_t width) {
  const auto inside = width - 2;
  const auto filled = std::min(inside, static_cast<std::size_t>(part * static_cast<double>(inside)));
  std::string text = "[" + std::string(filled, '=') + std::string(inside - filled, ' ') + "]";
  if (filled < inside) text[1 + filled] = '>';
  return text;
}

std::string drawn(const Progress::Line& line, std::size_t names, std::size_t columns) {
  using State = Progress::State;
  const bool known = line.total && *line.total > 0;
  const double part = known ? static_cast<double>(line.received) / static_cast<double>(*line.total) : 0;
  const char* const word = line.state == State::kDone      ? "done"
                           : line.state == State::kFailed  ? "failed"
                           : line.state == State::kWaiting ? "waits"
                           : known                         ? nullptr
                                                           : "-";
  std::string numbers = right(word ? word : std::to_string(static_cast<int>(part * 100)) + "%", 7);
  if (columns < kNumbers + 10) return fitted(line.name, columns - std::min(columns, numbers.size())) + numbers;
  numbers += right(bytes(static_cast<double>(line.received)), 10);
  numbers += line.state == State::kRunning ? right(bytes(line.rate) + "/s", 12) : std::string(12, ' ');
  std::string text = fitted(line.name, std::min(names, columns - kNumbers));
  const std::size_t rest = columns - text.size() - numbers.size();
  if (rest < kLeastBar + 2) return text + numbers + std::string(rest, ' ');
  const std::string middle = line.state == State::kRunning && known ? bar(part, rest - 1) : std::string(rest - 1, ' ');
  return text + " " + middle + numbers;
}

}  // namespace

Progress::Progress(int terminal, bool wanted, std::vector<Line> lines)
    : terminal_(terminal), visible_(wanted && ::isatty(terminal) == 1), lines_(std::move(lines)) {
  if (visible_) put(kHideCursor);
}

Progress::~Progress() {
  if (visible_) put(kShowCursor);
}

void Progress::draw(Instant now) {
  if (!visible_) return;
  if (last_ && now > *last_) {
    const double seconds = std::chrono::duration<double>(now - *last_).count();
    for (auto& line : lines_) {
      const double rate = static_cast<double>(line.received - line.seen) / seconds;
      // Smooth, so that it can be read.
      line.rate = line.rate == 0 ? rate : line.rate * 0.8 + rate * 0.2;
    }
  }
  for (auto& line : lines_) line.seen = line.received;
  last_ = now;

  const auto [columns, rows] = size_of(terminal_);
  std::string text = drawn_ > 0 ? "\x1b[" + std::to_string(drawn_) + "A" : "";
  // The last column stays free: some terminals wrap when it is written.
  const std::size_t width = columns > 1 ? columns - 1 : 1;
  std::vector<std::string> shown;
  if (lines_.size() < rows) {
    std::size_t names = 0;
    for (const auto& line : lines_) names = std::max(names, line.name.size());
    for (const auto& line : lines_) shown.push_back(drawn(line, std::min(names, width / 2), width));
  } else {
    shown.push_back(summary().substr(0, width));
  }
  for (const auto& line : shown) text += "\r" + line + "\x1b[K\n";
  if (shown.size() < drawn_) text += "\x1b[J";
  drawn_ = shown.size();
  put(text);
}

std::string Progress::summary() const {
  std::size_t done = 0, failed = 0;
  double received = 0, rate = 0;
  for (const auto& line : lines_) {
    done += line.state == State::kDone ? 1 : 0;
    failed += line.state == State::kFailed ? 1 : 0;
    received += static_cast<double>(line.received);
    rate += line.state == State::kRunning ? line.rate : 0;
  }
  std::string text = std::to_string(done) + " of " + std::to_string(lines_.size()) + " done";
  if (failed > 0) text += ", " + std::to_string(failed) + " failed";
  return text + ", " + bytes(received) + ", " + bytes(rate) + "/s";
}

void Progress::say(std::string_view text) {
  put((drawn_ > 0 ? "\x1b[" + std::to_string(drawn_) + "A\r\x1b[J" : "") + std::string(text) + "\n");
  drawn_ = 0;
}

// A terminal that went away is no reason to end.
void Progress::put(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto count = ::write(terminal_, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace torc::cli
