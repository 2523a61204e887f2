// Connections that are used once and then kept.
#pragma once

#include "load.hpp"

namespace bench {

/// Opens `--connections`, takes each of the `steps(fd)` with all of a block before the next, prints `HOLDING n` and
/// keeps the connections open until its input ends.
template <class... Steps>
void hold(const Arguments& arguments, Steps... steps) {
  alarm(static_cast<unsigned>(arguments.number("time-limit", 120)));
  const auto count = static_cast<std::size_t>(arguments.number("connections", 1000));
  constexpr std::size_t kBlock = 100;  // so few that no turn of a server lasts long, handshakes included
  std::vector<int> block;
  for (std::size_t opened = 0; opened < count; opened += block.size()) {
    block.clear();
    while (block.size() < std::min(kBlock, count - opened)) {
      block.push_back(connect_to(arguments.port(), opened + block.size()));
    }
    (std::ranges::for_each(block, steps), ...);
  }
  std::printf("HOLDING %zu\n", count);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

}  // namespace bench
