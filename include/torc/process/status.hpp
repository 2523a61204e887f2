// Status: how a process ended.
#pragma once

#include <optional>
#include <string>

namespace torc::process {

class Status {
 public:
  static Status exited(int code) noexcept { return Status(Kind::kExited, code, false); }
  static Status killed(int signal, bool dumped_core = false) noexcept {
    return Status(Kind::kKilled, signal, dumped_core);
  }
  /// It ended, and something else has taken the news: SIGCHLD is ignored, or another part of the program waits for
  /// children that are not its own.
  static Status unknown() noexcept { return Status(Kind::kUnknown, 0, false); }

  /// It exited with 0.
  bool success() const noexcept { return kind_ == Kind::kExited && number_ == 0; }
  explicit operator bool() const noexcept { return success(); }
  /// What it gave to exit(), or none.
  std::optional<int> exit_code() const noexcept { return of(Kind::kExited); }
  /// The signal that ended it, or none.
  std::optional<int> signal() const noexcept { return of(Kind::kKilled); }
  bool dumped_core() const noexcept { return dumped_core_; }
  /// "exited with status 1", "was killed by SIGTERM".
  std::string text() const;

  friend bool operator==(const Status&, const Status&) = default;

 private:
  enum class Kind : unsigned char { kExited, kKilled, kUnknown };
  Status(Kind kind, int number, bool dumped_core) noexcept : number_(number), kind_(kind), dumped_core_(dumped_core) {}
  std::optional<int> of(Kind kind) const noexcept { return kind_ == kind ? std::optional(number_) : std::nullopt; }

  int number_;
  Kind kind_;
  bool dumped_core_;
};

}  // namespace torc::process
