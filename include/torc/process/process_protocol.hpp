// ProcessProtocol: a program in callbacks.
//
//   class Echo : public torc::process::ProcessProtocol {
//     void out_received(std::string_view data) override { log(data); }
//     void process_ended(const torc::process::Status& status) override { log(status.text()); }
//   };
//   auto process = torc::process::spawn_process(std::make_unique<Echo>(), {"cat"});
//
// The order of calls: connection_made; then child_data_received, and child_connection_lost once for each pipe, and
// process_exited once, in any order (what the program has started may hold its pipes open after it); last
// process_ended, when all these have come. Any callback may destroy the Process. An exception that escapes one is logged,
// and ends the pipe that it is about.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/process/options.hpp>
#include <torc/process/status.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace torc::process {

/// A running program, as its protocol sees it. Valid until process_ended has returned.
class ProcessTransport {
 public:
  virtual pid_t pid() const noexcept = 0;
  /// To standard input.
  void write(std::string_view data) noexcept { write_to_child(0, data); }
  /// To the pipe `fd`. Dropped silently when there is none, or none any more.
  virtual void write_to_child(int fd, std::string_view data) noexcept = 0;
  /// Bytes written and not yet taken by the pipe.
  virtual std::uint64_t unsent(int fd) const noexcept = 0;
  /// Closes our end of a pipe, after what was written.
  virtual void close_child_fd(int fd) noexcept = 0;
  void close_input() noexcept { close_child_fd(0); }
  /// Closes all pipes; most programs end then.
  virtual void lose_connection() noexcept = 0;
  /// The program's terminal() gets another size, and the program SIGWINCH. Throws SystemError when it has none.
  virtual void set_terminal_size(TerminalSize size) = 0;
  /// As Child::signal.
  virtual bool signal(int number) noexcept = 0;
  /// Stops and restarts the calls of child_data_received.
  virtual void pause_reading() noexcept = 0;
  virtual void resume_reading() noexcept = 0;

 protected:
  ~ProcessTransport() = default;
};

class ProcessProtocol {
 public:
  virtual ~ProcessProtocol() = default;

  /// The program runs; transport() may be used from here on.
  virtual void connection_made() {}
  /// The program wrote to its `fd`; a terminal's output comes as 1. `data` is valid during the call only.
  virtual void child_data_received(int fd, std::string_view data);
  virtual void out_received(std::string_view data) { static_cast<void>(data); }
  virtual void err_received(std::string_view data) { static_cast<void>(data); }
  /// A pipe is closed, by either side.
  virtual void child_connection_lost(int fd);
  virtual void in_connection_lost() {}
  virtual void out_connection_lost() {}
  virtual void err_connection_lost() {}
  /// The program has ended. Data may still come.
  virtual void process_exited(const Status& status) { static_cast<void>(status); }
  /// The program has ended and all its pipes are closed. The last call.
  virtual void process_ended(const Status& status) { static_cast<void>(status); }

  /// What waits for the pipe `fd` passed the high-water mark, and fell to the low one.
  virtual void pause_writing(int fd) { static_cast<void>(fd); }
  virtual void resume_writing(int fd) { static_cast<void>(fd); }

  ProcessTransport& transport() noexcept { return *transport_; }

 private:
  friend class Process;
  ProcessTransport* transport_ = nullptr;
};

/// The owner of a program and its protocol. Destroying it ends the program as destroying a Child does, and the protocol
/// hears nothing more.
class [[nodiscard("a Process that is dropped is ended")]] Process {
 public:
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  /// Until process_ended has returned.
  bool open() const noexcept { return run_ != nullptr; }
  /// Fires when process_ended has returned. Asked for once.
  Deferred<Status> ended();
  /// Sends `number`, as Child::signal.
  bool signal(int number) noexcept;
  /// Lets it run, and the protocol with it, until it ends or the reactor goes.
  void detach() && noexcept;

 private:
  friend Process spawn_process(std::unique_ptr<ProcessProtocol> protocol, Command command, SpawnOptions options);
  class Run;
  class Pipe;
  explicit Process(Run* run) noexcept;
  Run* run_;
  Deferred<Status> ended_;
};

/// Starts a program and calls connection_made. Throws CannotRun.
Process spawn_process(std::unique_ptr<ProcessProtocol> protocol, Command command, SpawnOptions options = {});

}  // namespace torc::process
