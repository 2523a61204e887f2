// What a program is started with: its words, its descriptors, its surroundings.
//
//   auto child = torc::process::spawn({"tar", "xf", "-"}, {
//       .directory = "/srv/in",
//       .environment = torc::process::environment({{"LANG", "C"}}),
//       .files = {{0, torc::process::to_child()}, {2, torc::process::inherit(2)}},
//   });
//
// Only the descriptors that are given reach a child; its signals are as in a fresh shell.
#pragma once

#include <torc/base/errors.hpp>
#include <torc/base/time.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/net/terminal_size.hpp>

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace torc::process {

/// A program and its arguments. Without a slash the program is looked for in the PATH of its environment, or of ours
/// when it has none; folders there that are not absolute are passed over.
using Command = std::vector<std::string>;

using Environment = std::map<std::string, std::string>;
/// The environment of this program with `changes`.
Environment environment(Environment changes = {});

/// No program came to run. What was tried is in the message, and the system's code with it.
class CannotRun : public Error {
 public:
  CannotRun(const std::string& what, int code) : Error(what), code_(code) {}
  int code() const noexcept { return code_; }

 private:
  int code_;
};

/// Who a child is. Needs privileges.
struct Identity {
  uid_t user;
  gid_t group;
  /// All its other groups.
  std::vector<gid_t> groups = {};
};
/// The user called `name` with all groups of theirs, from the system's data base, which may block.
/// Throws CannotRun when there is no such user.
Identity identity_of(const std::string& name);

/// What a descriptor of a child is. Made by the functions below; copies of a given descriptor share it.
struct ChildFile {
  enum class Kind { kToChild, kFromChild, kTerminal, kNull, kInherit, kSameAs, kGiven };
  Kind kind = Kind::kNull;
  int number = -1;                            // kInherit, kSameAs
  std::shared_ptr<const UniqueFd> given = {};  // kGiven
};
/// A pipe that we write to.
inline ChildFile to_child() { return {.kind = ChildFile::Kind::kToChild}; }
/// A pipe that we read from.
inline ChildFile from_child() { return {.kind = ChildFile::Kind::kFromChild}; }
/// A terminal, the same for all descriptors that say so; the child gets a session of its own in which it controls. We
/// have its other end as one stream.
inline ChildFile terminal() { return {.kind = ChildFile::Kind::kTerminal}; }
/// /dev/null.
inline ChildFile null() { return {}; }
/// Our descriptor `number`, shared.
inline ChildFile inherit(int number) { return {.kind = ChildFile::Kind::kInherit, .number = number}; }
/// What the child has as `number`: {2, same_as(1)} is the shell's 2>&1.
inline ChildFile same_as(int number) { return {.kind = ChildFile::Kind::kSameAs, .number = number}; }
/// `fd`, which is closed here when the options are gone.
inline ChildFile give(UniqueFd fd) {
  return {.kind = ChildFile::Kind::kGiven, .given = std::make_shared<const UniqueFd>(std::move(fd))};
}

/// The child's descriptors by their numbers.
using ChildFiles = std::map<int, ChildFile>;

using torc::TerminalSize;

struct SpawnOptions {
  /// Where the child starts; empty: where we are. A program with a slash in its name is looked for from there.
  std::string directory = {};
  /// The whole environment; none: ours.
  std::optional<Environment> environment = {};
  /// What is not here is closed in the child.
  ChildFiles files = {{0, to_child()}, {1, from_child()}, {2, from_child()}};
  /// A process group of its own: signals go to the child and to what it has started, and the keys of our terminal do
  /// not reach it.
  bool group = false;
  /// A session of its own, which is also a group. So it is with a terminal.
  bool session = false;
  /// Who it is; none: who we are.
  std::optional<Identity> identity = {};
  /// What it sees as its name; empty: the program's.
  std::string argv0 = {};
  /// Of a terminal(), at first: set_terminal_size() changes it.
  TerminalSize terminal_size = {};
  /// How long a child whose owner is gone has from SIGTERM to SIGKILL.
  Duration kill_after = std::chrono::seconds(5);
};

}  // namespace torc::process
