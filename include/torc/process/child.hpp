// Child: a program that runs beside us, with its pipes as streams.
//
//   auto child = torc::process::spawn({"sort"});
//   co_await child.input().write("b\na\n");
//   child.input().close();
//   while (auto line = co_await child.output().read_line()) std::puts(line->c_str());
//   auto status = co_await child.wait();
//
// Owns the process: destroying it sends SIGTERM, after SpawnOptions::kill_after SIGKILL, and takes its status in the
// background, so that no zombie stays, also when the reactor stops or goes meanwhile. What is not read fills a pipe, and
// then the child waits: read both output and errors, or give it a descriptor of ours. A Child must outlive what waits on
// it and on its streams. One thread: the reactor's.
//
// The end is heard through a pidfd: no handler of SIGCHLD is installed or needed, and only our own children are waited
// for. Where somebody else takes the status of every child, or SIGCHLD is ignored, Status::unknown() comes.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/net/stream.hpp>
#include <torc/process/options.hpp>
#include <torc/process/status.hpp>

#include <memory>

namespace torc::process {

class [[nodiscard("a Child that is dropped is ended")]] Child {
 public:
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();

  pid_t pid() const noexcept;
  /// False once its end is known.
  bool running() const noexcept;

  /// Our end of its descriptor `fd`, which SpawnOptions::files gave a pipe or the terminal; anything else is a
  /// programming error. May be moved away. A terminal's size is set through it (net/terminal_size.hpp).
  Stream& stream(int fd);
  Stream& input() { return stream(0); }
  Stream& output() { return stream(1); }
  Stream& errors() { return stream(2); }

  /// Fires when it has ended. What it wrote may still lie in its pipes.
  Deferred<Status> wait();
  /// Sends `number` to it, or to its group if it has one of its own. False when nobody is there any more.
  bool signal(int number) noexcept;
  /// SIGTERM, SIGKILL when it is still there after `grace`, and its status; what is left of a group of its own is
  /// killed with it.
  Deferred<Status> stop(Duration grace = std::chrono::seconds(5));
  /// Lets it run on, unheard. Its pipes close.
  void detach() && noexcept;

 private:
  friend Child spawn(Command command, SpawnOptions options);
  struct State;
  explicit Child(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

/// Starts a program. Returns when it runs, which the loop waits for: under a millisecond from a local disk.
/// Throws CannotRun.
Child spawn(Command command, SpawnOptions options = {});

}  // namespace torc::process
