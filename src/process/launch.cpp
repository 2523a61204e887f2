#include "process/launch.hpp"

#include "base/escape.hpp"
#include "process/find_program.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

namespace torc::process::detail {

namespace {

using torc::detail::in_quotes;

constexpr std::size_t kStack = 64 * 1024;

// ThreadSanitizer takes part in clone(), and does so in the child, too.
#if defined(__SANITIZE_THREAD__)
#define TORC_CHILD_SHARES_MEMORY 0
#elif defined(__has_feature)
#define TORC_CHILD_SHARES_MEMORY !__has_feature(thread_sanitizer)
#else
#define TORC_CHILD_SHARES_MEMORY 1
#endif

// The child's stack, and the report at its lower end. Shared, so that the report comes home from a copied memory, too.
class Launchpad {
 public:
  Launchpad() : memory_(::mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw SystemError("starting a process", errno);
  }
  ~Launchpad() { ::munmap(memory_, kStack); }
  Launchpad(const Launchpad&) = delete;
  Launchpad& operator=(const Launchpad&) = delete;

  Report& report() noexcept { return *static_cast<Report*>(memory_); }
  void* top() noexcept { return static_cast<char*>(memory_) + kStack; }

 private:
  void* memory_;
};

// A handler that ran in the child would run in our memory.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

// Strings as the kernel wants them.
class Pointers {
 public:
  explicit Pointers(std::vector<std::string> strings) : strings_(std::move(strings)) {
    for (auto& string : strings_) pointers_.push_back(string.data());
    pointers_.push_back(nullptr);
  }
  char* const* get() const noexcept { return pointers_.data(); }

 private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

std::string words(int code) { return std::generic_category().message(code); }

void check(const Command& command, const SpawnOptions& options) {
  if (command.empty() || command[0].empty()) throw CannotRun("cannot run a command without a program", EINVAL);
  const auto refuse_nul = [&](const std::string& text, const char* what) {
    if (text.contains('\0')) throw CannotRun("cannot run " + name_of(command) + ": NUL in " + what, EINVAL);
  };
  for (const auto& word : command) refuse_nul(word, "its arguments");
  refuse_nul(options.argv0, "its name");
  refuse_nul(options.directory, "its directory");
  if (!options.environment) return;
  for (const auto& [name, value] : *options.environment) {
    refuse_nul(name, "its environment");
    refuse_nul(value, "its environment");
    if (name.empty() || name.contains('=')) {
      throw CannotRun("cannot run " + name_of(command) + ": " + in_quotes(name) + " is no name of a variable", EINVAL);
    }
  }
}

std::vector<std::string> assignments(const Environment& environment) {
  std::vector<std::string> result;
  for (const auto& [name, value] : environment) result.push_back(name + '=' + value);
  return result;
}

std::string search_path(const SpawnOptions& options) {
  if (options.environment) {
    if (const auto path = options.environment->find("PATH"); path != options.environment->end()) return path->second;
  }
  const char* ours = std::getenv("PATH");
  return ours ? ours : "/usr/local/bin:/usr/bin:/bin";
}

// Why a program that was found does not run.
std::string exec_failure(const std::string& program, const SpawnOptions& options, int code) {
  if (code == ENOEXEC) return words(code) + " (a script begins with a line such as #!/bin/sh)";
  const bool from_here = program.starts_with('/') || options.directory.empty();
  if (code == ENOENT && from_here && ::access(program.c_str(), F_OK) == 0) {
    return words(code) + " (the file is there: what is to interpret it is not)";
  }
  return words(code) + (from_here ? "" : " (in directory " + in_quotes(options.directory) + ")");
}

CannotRun failure(const Command& command, const std::string& program, const SpawnOptions& options, const Report& report) {
  const std::string cannot = "cannot run " + name_of(command);
  switch (report.step) {
    case Step::kProgram: return {cannot + ": " + exec_failure(program, options, report.code), report.code};
    case Step::kSession: return {cannot + " in a session or group of its own: " + words(report.code), report.code};
    case Step::kFiles: return {cannot + ": giving it its descriptors: " + words(report.code), report.code};
    case Step::kTerminal: return {cannot + ": giving it a controlling terminal: " + words(report.code), report.code};
    case Step::kDirectory:
      return {cannot + " in directory " + in_quotes(options.directory) + ": " + words(report.code), report.code};
    case Step::kIdentity: break;
  }
  return {cannot + " as user " + std::to_string(options.identity->user) + " and group " +
              std::to_string(options.identity->group) + ": " + words(report.code), report.code};
}

// Starts `plan`, and waits until it runs its program or has failed.
Launched give_birth(Plan& plan, Launchpad& launchpad) {
  int pidfd = -1;
  Launched launched;
  {
    const AllSignalsBlocked blocked;
    const int share = TORC_CHILD_SHARES_MEMORY && !plan.change_identity ? CLONE_VM : 0;
    launched.pid = ::clone(child_side, launchpad.top(), share | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &plan, &pidfd);
  }
  if (launched.pid < 0) throw SystemError("starting a process", errno);
  launched.pidfd = UniqueFd(pidfd);
  if (launchpad.report().code == 0) return launched;
  siginfo_t info;
  while (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED) != 0 && errno == EINTR) {
  }
  launched.pid = -1;
  return launched;
}

}  // namespace

std::string name_of(const Command& command) { return in_quotes(command.empty() ? "" : command[0]); }

Launched launch(const Command& command, const SpawnOptions& options) {
  check(command, options);
  const std::string path = search_path(options);
  const std::string program = find_program(command[0], path);
  if (program.empty()) {
    const int code = errno;
    throw CannotRun("cannot run " + name_of(command) + ": " +
                        (code == EACCES ? words(code) : "not found in PATH, which is " + in_quotes(path, 500)), code);
  }
  try {
    ChildEnds ends(options.files, options.terminal_size);
    auto arguments = command;
    if (!options.argv0.empty()) arguments[0] = options.argv0;
    const Pointers argv(std::move(arguments));
    const Pointers environment(options.environment ? assignments(*options.environment) : std::vector<std::string>());
    Launchpad launchpad;
    Plan plan{.program = program.c_str(),
              .arguments = argv.get(),
              .environment = options.environment ? environment.get() : ::environ,
              .directory = options.directory.empty() ? nullptr : options.directory.c_str(),
              .files = ends.moves(),
              .terminal = ends.terminal(),
              .session = options.session || ends.terminal() >= 0,
              .group = options.group,
              .groups = {},
              .report = &launchpad.report()};
    if (options.identity) {
      plan.change_identity = true;
      plan.user = options.identity->user;
      plan.group_id = options.identity->group;
      plan.groups = options.identity->groups;
    }
    Launched launched = give_birth(plan, launchpad);
    if (launched.pid < 0) throw failure(command, program, options, launchpad.report());
    launched.group = plan.session || plan.group;
    launched.ends = ends.take();
    return launched;
  } catch (const SystemError& error) {
    throw CannotRun("cannot run " + name_of(command) + ": " + error.what(), error.code());
  } catch (const CannotRun&) {
    throw;
  } catch (const Error& error) {
    throw CannotRun("cannot run " + name_of(command) + ": " + error.what(), EINVAL);
  }
}

}  // namespace torc::process::detail
