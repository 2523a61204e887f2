// launch: from a command and its options to a process that runs its program.
//
// The process is born by clone() with CLONE_VFORK, so it runs its program, or has failed, when the call returns, and
// with CLONE_VM, so that the size of ours does not matter; without it where the child becomes somebody else, for the
// kernel keeps what goes with an identity (whether it may be traced) by address space.
#pragma once

#include "process/child_ends.hpp"

#include <torc/base/unique_fd.hpp>
#include <torc/process/options.hpp>

#include <sys/types.h>

#include <string>
#include <vector>

namespace torc::process::detail {

struct Launched {
  pid_t pid = -1;
  UniqueFd pidfd;
  bool group = false;  // it leads one
  std::vector<End> ends;
};

/// Throws CannotRun.
Launched launch(const Command& command, const SpawnOptions& options);

/// A command for messages: its program, in quotes.
std::string name_of(const Command& command);

}  // namespace torc::process::detail
