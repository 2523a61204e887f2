// The error types every layer shares. Modules add their own beside what raises them
// (connection errors: torc/net/errors.hpp).
//
// Few kinds, chosen by what the caller does next. What the network or a user can cause derives from
// `Error`; misuse of the library is not an error type: it stops the program and names both places.
#pragma once

#include <torc/base/compiler.hpp>

#include <stdexcept>
#include <string>

namespace torc {

/// Base of every error torc reports.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The operation was cancelled by whoever waits for it.
/// Not a std::exception, so that no catch-all for errors swallows it (semantics, rule 7).
struct Cancelled {};

/// A time limit passed before the result came.
class TimeoutError : public Error {
 public:
  using Error::Error;
};

/// The producer went away without giving a result.
class BrokenPromise : public Error {
 public:
  using Error::Error;
};

/// The reactor stopped while the operation was pending.
class ReactorStopped : public Error {
 public:
  using Error::Error;
};

/// A system call failed. `what()` says what was being done and to whom, then the system's words.
class SystemError : public Error {
 public:
  /// `doing` names the act and its object ("opening /etc/x"); `code` is an errno value.
  SystemError(const std::string& doing, int code);
  int code() const noexcept { return code_; }

 private:
  int code_;
};

namespace detail {

/// Stops the program over a programming error: one line on standard error, then abort.
[[noreturn]] void misuse(const std::string& what) noexcept;

}  // namespace detail
}  // namespace torc
