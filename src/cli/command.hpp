// Command: one sub-command of the torc program.
//
//   class Web final : public Command {
//     CLI::App& declare(CLI::App& app) override;     // its name, options and help, on a sub-command of `app`
//     Deferred<int> run() override;                  // on a reactor; gives the exit status
//   };
//
// main.cpp declares every command, lets CLI11 read the arguments, and runs the one that was named. What a
// command fails with is told in one line, "torc web: ...", and the exit status is 2: throw UsageError, or let
// BadEndpoint, CannotListen and the other kinds of torc::Error pass. What went wrong while doing what was asked
// is the command's to report, with a status of its choice. SIGINT and SIGTERM cancel run(), which then ends in order.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/errors.hpp>

#include <memory>

namespace CLI {
class App;
}

namespace torc::cli {

/// The command cannot be carried out as it was given. The message is one line that says what to do instead.
class UsageError : public Error {
 public:
  using Error::Error;
};

class Command {
 public:
  virtual ~Command() = default;
  /// Adds the sub-command to `app`, which writes what it parses into this object, and gives it.
  virtual CLI::App& declare(CLI::App& app) = 0;
  /// Called once, on a reactor, when the command was named. The object outlives the Deferred.
  virtual Deferred<int> run() = 0;
};

}  // namespace torc::cli
