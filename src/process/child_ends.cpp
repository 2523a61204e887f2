#include "process/child_ends.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ranges>

namespace torc::process::detail {

using Kind = ChildFile::Kind;

StreamFd End::stream() && noexcept {
  if (kind == Kind::kToChild) return {UniqueFd(), std::move(ours)};
  return {std::move(ours), UniqueFd(), kind == Kind::kTerminal};
}

int end_of(const ChildFiles& files, int fd) noexcept {
  const auto is_terminal = [&](const auto& entry) { return entry.second.kind == Kind::kTerminal; };
  const auto found = files.find(fd);
  if (found == files.end() || !is_terminal(*found)) return fd;
  const auto out = files.find(1);
  return out != files.end() && is_terminal(*out) ? 1 : std::ranges::find_if(files, is_terminal)->first;
}

ChildEnds::ChildEnds(const ChildFiles& files, TerminalSize size) {
  for (const auto& [target, file] : files) {
    if (target < 0) throw Error("a child has no descriptor " + std::to_string(target));
    if (file.kind == Kind::kSameAs) continue;
    if (file.kind == Kind::kTerminal) terminal_ = end_of(files, target);
    moves_.push_back({.target = target, .source = open(target, file, size)});
  }
  const auto opened = moves_;
  for (const auto& [target, file] : files) {
    if (file.kind != Kind::kSameAs) continue;
    const auto other = std::ranges::find(opened, file.number, &FileMove::target);
    if (other == opened.end()) {
      throw Error("the child's descriptor " + std::to_string(target) + " is to be the same as " +
                  std::to_string(file.number) + ", which is none of its own");
    }
    moves_.push_back({.target = target, .source = other->source});
  }
  std::ranges::sort(moves_, {}, &FileMove::target);
}

int ChildEnds::keep(UniqueFd fd) {
  theirs_.push_back(std::move(fd));
  return theirs_.back().get();
}

int ChildEnds::open(int target, const ChildFile& file, TerminalSize size) {
  switch (file.kind) {
    case Kind::kToChild: return open_pipe(target, true);
    case Kind::kFromChild: return open_pipe(target, false);
    case Kind::kTerminal: return terminal_source_ >= 0 ? terminal_source_ : open_terminal(terminal_, size);
    case Kind::kGiven: return file.given->get();
    case Kind::kInherit: return file.number;
    case Kind::kNull:
    case Kind::kSameAs: break;
  }
  if (null_ < 0) {
    UniqueFd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!fd) throw SystemError("opening /dev/null", errno);
    null_ = keep(std::move(fd));
  }
  return null_;
}

// Only our end never blocks: the child's is a description of its own.
int ChildEnds::open_pipe(int target, bool to_child) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw SystemError("opening a pipe", errno);
  UniqueFd read(ends[0]), write(ends[1]);
  UniqueFd& ours = to_child ? write : read;
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  ours_.push_back({target, to_child ? Kind::kToChild : Kind::kFromChild, std::move(ours)});
  return keep(to_child ? std::move(read) : std::move(write));
}

int ChildEnds::open_terminal(int target, TerminalSize size) {
  UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!master || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) throw SystemError("opening a terminal", errno);
  UniqueFd slave(::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave) throw SystemError("opening a terminal", errno);
  set_terminal_size(slave.get(), size);
  ours_.push_back({target, Kind::kTerminal, std::move(master)});
  return terminal_source_ = keep(std::move(slave));
}

}  // namespace torc::process::detail
