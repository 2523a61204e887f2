// Sleeper: a second thread that sleeps. Without one the C library leaves the atomic operations of its mutex out.
#pragma once

#include <semaphore>
#include <thread>

namespace bench {

class Sleeper {
 public:
  ~Sleeper() {
    end_.release();
    thread_.join();
  }

 private:
  std::binary_semaphore end_{0};
  std::thread thread_{[this] { end_.acquire(); }};
};

}  // namespace bench
