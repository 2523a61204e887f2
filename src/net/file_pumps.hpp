// FilePumps: threads between pipes, which a loop can wait for, and descriptors that it cannot, such as files.
//
// A service of a reactor. When that goes, what still lies in a pipe is written first; its writer has closed it by then.
#pragma once

#include <torc/base/unique_fd.hpp>

#include <thread>
#include <vector>

namespace torc {

class FilePumps {
 public:
  FilePumps();
  ~FilePumps();
  FilePumps(const FilePumps&) = delete;
  FilePumps& operator=(const FilePumps&) = delete;

  /// The end of a pipe that brings what `fd` gives. `fd` is borrowed for as long as the reactor lives.
  UniqueFd from(int fd);
  /// The end of a pipe whose bytes go to `fd`, which is borrowed likewise.
  UniqueFd to(int fd);

 private:
  UniqueFd end_;  // an eventfd, readable when all is to end
  std::vector<std::thread> threads_;
};

}  // namespace torc
