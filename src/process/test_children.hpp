// What the tests of processes look at: our children, our descriptors, as /proc tells them.
#pragma once

#include "net/on_reactor.hpp"

#include <torc/async/coroutine.hpp>

#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

namespace torc::process {

/// The state of a process as a letter: 'R', 'S', 'Z'; 0 when there is none.
inline char state_of(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return 0;
  return line[line.rfind(')') + 2];
}

/// Children of ours, zombies or alive.
inline std::size_t children() {
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream list(task.path() / "children");
    for (pid_t pid; list >> pid;) ++count;
  }
  return count;
}

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

/// Turns the loop until `condition` holds.
template <class Condition>
Deferred<void> until(Condition condition) {
  while (!condition()) co_await sleep(std::chrono::milliseconds(1));
}

inline Deferred<std::string> read_all(Stream& stream) {
  std::string all;
  while (auto piece = co_await stream.read_some()) all += *piece;
  co_return all;
}

}  // namespace torc::process
