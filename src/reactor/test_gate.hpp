// Gate: a job of a test that has begun and goes on until it is told.
#pragma once

#include <semaphore>

namespace torc {

struct Gate {
  void pass() {
    begun.release();
    go.acquire();
  }
  std::binary_semaphore begun{0}, go{0};
};

}  // namespace torc
