// Spread: which reactor of a group serves a connection, and how even that turned out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace torc {

/// How the connections of a port are spread over the reactors of a group.
enum class Spread : char {
  /// One reactor accepts and gives each connection to the one with the fewest open ones; equals take turns.
  kLeastLoaded,
  /// A socket for each reactor (SO_REUSEPORT): the kernel chooses by a hash of addresses and ports. The cheapest for short
  /// connections, and the least even: long ones pile up where they happen to fall.
  kReusePort,
  /// By the client's IP address: the same client comes to the same reactor, as long as that runs. One reactor accepts.
  kSticky,
};

/// One reactor's share of a port.
struct ReactorLoad {
  std::size_t open = 0;
  std::uint64_t accepted = 0;
  bool serving = true;
};

/// The shares of all reactors at one moment. Values, on any thread.
struct GroupLoad {
  std::vector<ReactorLoad> reactors = {};

  std::size_t open() const noexcept;
  std::uint64_t accepted() const noexcept;
  /// How far the fullest is above the mean, as a part of the mean: (max - mean) / mean. 0 is even; of four reactors, 3 is
  /// all on one. Those that have stopped do not count.
  double open_imbalance() const noexcept;
  double accepted_imbalance() const noexcept;
  /// For a log: "open 3 3 2 (13 % above the mean), accepted 40 41 39 (3 % above the mean)"; "-" has stopped.
  std::string str() const;
};

}  // namespace torc
