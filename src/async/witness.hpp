// For the tests of owners: what counts how many of it are alive, and a coroutine that holds one.
#pragma once

#include <torc/async/coroutine.hpp>

namespace torc {

struct Witness {
  explicit Witness(int& alive) : alive(alive) { ++alive; }
  Witness(const Witness&) = delete;
  ~Witness() { --alive; }
  int& alive;
};

inline Deferred<void> holds(int& alive, Deferred<void> wait) {
  const Witness witness(alive);
  co_await wait;
}

}  // namespace torc
