// run: a program from its start to its end, and what it said.
//
//   auto out = co_await torc::process::run({"convert", "in.png", "out.png"}, {.timeout = 30s});
//   if (!out.status) log(out.errors);
//
// A status that is not 0 is a value, for what it means is the program's business (diff and grep say 1); run_checked()
// makes it an error. The program has a process group of its own, so that its end takes along what it has started.
// Dropping or cancelling ends it: SIGTERM, then SIGKILL, its status taken in the background.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/process/options.hpp>
#include <torc/process/status.hpp>

#include <cstddef>
#include <string>

namespace torc::process {

/// What becomes of standard error.
enum class Errors {
  kKept,        // Result::errors
  kWithOutput,  // among the output, as 2>&1
  kInherited,   // it goes where ours does
};

struct RunOptions {
  /// From the start until everything is read. Then it is stopped, and TimeoutError says so.
  Duration timeout = std::chrono::minutes(10);
  /// Its standard input, whether it reads it or not. Empty: /dev/null.
  std::string input = {};
  /// Bytes of output, and of errors; a program that says more is stopped, with LimitExceeded.
  std::size_t output_limit = std::size_t{16} * 1024 * 1024;
  Errors errors = Errors::kKept;
  /// As in SpawnOptions.
  std::string directory = {};
  std::optional<Environment> environment = {};
  std::optional<Identity> identity = {};
  /// From SIGTERM to SIGKILL when it is stopped.
  Duration kill_after = std::chrono::seconds(5);
};

struct Result {
  std::string output;
  std::string errors;
  Status status;
};

/// A program ended otherwise than with status 0.
class ProgramFailed : public Error {
 public:
  ProgramFailed(const Command& command, Result result);
  const Result& result() const noexcept { return *result_; }

 private:
  std::shared_ptr<const Result> result_;
};

/// Runs a program. Fails with CannotRun, TimeoutError or LimitExceeded. It is over when the program has ended and its
/// output is closed: something it started and left behind may hold that open, up to the time limit.
Deferred<Result> run(Command command, RunOptions options = {});
/// As run(); fails with ProgramFailed when the status is not 0, naming it and the last line of the errors.
Deferred<Result> run_checked(Command command, RunOptions options = {});

}  // namespace torc::process
