#include "cli/log_file.hpp"

#include <torc/base/errors.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>
#include <utility>

namespace torc::cli {

namespace {

constexpr std::size_t kKept = std::size_t{1} << 20;
constexpr Duration kRetry = std::chrono::milliseconds(100);

bool is_writable(int file) noexcept {
  pollfd state{.fd = file, .events = POLLOUT, .revents = 0};
  return ::poll(&state, 1, 0) > 0;
}

// Standard output with a file description of our own, so that not to wait is our choice alone; else shared.
UniqueFd own_stdout(const struct stat& status) {
  if (!S_ISCHR(status.st_mode) && !S_ISFIFO(status.st_mode)) return {};
  return UniqueFd(::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

}  // namespace

LogFile::LogFile(Clock& clock, const std::string& path) : clock_(clock), name_(path == "-" ? "standard output" : path) {
  struct stat status = {};
  if (path == "-") {
    if (::fstat(STDOUT_FILENO, &status) != 0) throw SystemError("writing the access log to standard output", errno);
    file_ = own_stdout(status);
    if (!file_) {
      may_block_ = true;
      file_ = UniqueFd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    }
  } else {
    file_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640));
  }
  if (!file_ || ::fstat(file_.get(), &status) != 0) throw SystemError("opening the access log " + name_, errno);
  any_size_ = S_ISREG(status.st_mode);
}

LogFile::~LogFile() {
  later_.cancel();
  while (written_ < waiting_.size() && write_some()) {
  }
  lose_waiting();
  // Standard error may be the very pipe that nobody reads.
  if (lost_ > 0 && is_writable(STDERR_FILENO)) tell_lost();
}

void LogFile::add(const http::AccessLogEntry& entry) {
  if (waiting_.size() - written_ > kKept) {
    ++lost_;
    return;
  }
  http::append_access_log(waiting_, entry);
  waiting_ += '\n';
  if (!later_.active()) later_ = clock_.call_later(Duration::zero(), [this] { flush(); });
}

void LogFile::flush() {
  while (written_ < waiting_.size()) {
    if (!write_some()) {
      later_ = clock_.call_later(kRetry, [this] { flush(); });
      return;
    }
  }
  waiting_.clear();
  written_ = 0;
  if (lost_ > 0 && complaints_.admit(clock_.now().time_since_epoch())) tell_lost();
}

// Writes whole lines where it can, at most what a pipe takes in one piece. False when it would have to wait.
bool LogFile::write_some() noexcept {
  if (may_block_ && !is_writable(file_.get())) return false;
  std::string_view piece = std::string_view(waiting_).substr(written_);
  if (!any_size_ && piece.size() > PIPE_BUF) {
    piece = piece.substr(0, PIPE_BUF);
    if (const auto end = piece.rfind('\n'); end != piece.npos) piece = piece.substr(0, end + 1);
  }
  const auto count = ::write(file_.get(), piece.data(), piece.size());
  if (count >= 0) {
    written_ += static_cast<std::size_t>(count);
    if (written_ > kKept) {
      waiting_.erase(0, written_);
      written_ = 0;
    }
    return true;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
  if (errno == EINTR) return true;
  // Nobody will take it: the disk is full, or the reader is gone.
  why_ = ::strerrordesc_np(errno);
  lose_waiting();
  return true;
}

void LogFile::lose_waiting() noexcept {
  const auto rest = std::string_view(waiting_).substr(written_);
  lost_ += static_cast<std::uint64_t>(std::ranges::count(rest, '\n'));
  waiting_.clear();
  written_ = 0;
}

void LogFile::tell_lost() {
  log::warning("web", std::to_string(std::exchange(lost_, 0)) + " lines of the access log were dropped: " + name_ +
                          ": " + (why_ ? why_ : "unknown error"));
}

}  // namespace torc::cli
