// ChildEnds: the pipes and the terminal of a child that is to be, both ends of each.
#pragma once

#include "net/stream_fd.hpp"
#include "process/child_side.hpp"

#include <torc/process/options.hpp>

#include <optional>
#include <vector>

namespace torc::process::detail {

/// Our end of what a child has as `fd`.
struct End {
  int fd;
  ChildFile::Kind kind;  // one of the two pipes, or the terminal
  UniqueFd ours;
  StreamFd stream() && noexcept;
};

class ChildEnds {
 public:
  /// Throws SystemError when there is no descriptor left, and Error when `files` makes no sense.
  ChildEnds(const ChildFiles& files, TerminalSize size);

  /// What goes where in the child; by target, rising.
  std::vector<FileMove>& moves() noexcept { return moves_; }
  /// The child's descriptor that is to be its controlling terminal, or -1.
  int terminal() const noexcept { return terminal_; }
  /// Ours; the child's are closed with this.
  std::vector<End> take() noexcept { return std::move(ours_); }

 private:
  int open(int target, const ChildFile& file, TerminalSize size);
  int open_pipe(int target, bool to_child);
  int open_terminal(int target, TerminalSize size);
  int keep(UniqueFd fd);

  std::vector<FileMove> moves_;
  std::vector<UniqueFd> theirs_;
  std::vector<End> ours_;
  int terminal_ = -1;
  int terminal_source_ = -1;
  int null_ = -1;
};

/// The key under which the end that belongs to the child's `fd` is known: a terminal has one for all of it.
int end_of(const ChildFiles& files, int fd) noexcept;

}  // namespace torc::process::detail
