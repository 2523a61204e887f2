// LogFile: lines to a file, a terminal or a pipe that never hold up the loop.
//
// Used for the access log. Lines gather during a turn of the loop and leave together in the next, whole lines at a
// time. What is read too slowly is kept up to a limit and dropped beyond it: dropped lines are counted, and the count is
// told on standard error once the reader is back, and at the end. Belongs to its reactor's thread.
#pragma once

#include <torc/async/clock.hpp>
#include <torc/base/log.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/http/access_log.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace torc::cli {

class LogFile {
 public:
  /// Appends to the file `path`, which is created when missing; "-" is standard output. Throws SystemError.
  LogFile(Clock& clock, const std::string& path);
  /// Writes what can be written without waiting.
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  void add(const http::AccessLogEntry& entry);

 private:
  void flush();
  bool write_some() noexcept;
  void lose_waiting() noexcept;
  void tell_lost();

  Clock& clock_;
  std::string name_;
  UniqueFd file_;
  bool may_block_ = false;  // the descriptor is shared with others, who may not expect EAGAIN
  bool any_size_ = false;  // a file on disk: takes as much as it is given
  std::string waiting_;
  std::size_t written_ = 0;  // of `waiting_`
  std::uint64_t lost_ = 0;  // lines, not told yet
  const char* why_ = "it is not read fast enough";
  log::RateLimit complaints_{std::chrono::seconds(10)};
  DelayedCall later_;
};

}  // namespace torc::cli
