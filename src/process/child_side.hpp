// What a new process does between its birth and its program: only system calls.
//
// It may share all memory with its parent, which sleeps meanwhile, and it has one thread of many: it takes no lock,
// allocates nothing and calls nothing of the C library but syscall().
#pragma once

#include <sys/types.h>

#include <span>

namespace torc::process::detail {

/// How far it came; the order in which it goes.
enum class Step : int { kProgram, kSession, kFiles, kTerminal, kIdentity, kDirectory };

/// Where it tells of a failure; lies in memory that the two share.
struct Report {
  int code = 0;  // an errno; 0: the program runs
  Step step = Step::kProgram;
};

struct FileMove {
  int target;  // the child's number
  int source;  // ours
};

struct Plan {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* directory;      // null: stay
  std::span<FileMove> files;  // by target, rising; used up
  int terminal = -1;          // a target that is to control the session
  bool session = false;
  bool group = false;
  bool change_identity = false;
  uid_t user = 0;
  gid_t group_id = 0;
  std::span<const gid_t> groups;
  Report* report;
};

/// Never returns. `plan` is a Plan*.
int child_side(void* plan) noexcept;

}  // namespace torc::process::detail
