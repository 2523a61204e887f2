// Long computations that share the loop: each in steps, a slice of time for all of them together.
#include <torc/torc.hpp>

#include <cstdio>

using namespace std::chrono_literals;

// Counts down in steps. What it is given by reference outlives the task.
torc::Steps count_down(const char* name, int from, int& left) {
  for (left = from; left > 0; --left) {
    std::printf("%s: %d\n", name, left);
    co_yield {};  // others have their turn
  }
}

// A step may also end with a wait.
torc::Steps slow_start(const char* name) {
  std::printf("%s: waits\n", name);
  co_yield torc::sleep(1ms);
  std::printf("%s: goes on\n", name);
}

torc::Deferred<void> amain() {
  int red = 0, blue = 0;
  auto one = torc::cooperate(count_down("red", 2, red));
  auto other = torc::cooperate(count_down("blue", 2, blue));
  co_await torc::gather(one.when_done(), other.when_done());

  int fast = 0, slow = 0, endless = 0;
  auto first = torc::cooperate(count_down("fast", 3, fast));
  auto second = torc::cooperate(count_down("slow", 4, slow));
  second.pause();  // before its first step
  co_await first.when_done();
  std::printf("fast is done, slow was paused at %d\n", slow);

  second.resume();
  co_await second.when_done();
  std::puts("slow is done");

  auto third = torc::cooperate(count_down("endless", 1'000'000'000, endless));
  third.pause();
  auto ended = third.when_done();
  third.stop();
  const auto how = co_await as_outcome(std::move(ended));
  std::printf("endless: %s\n", how.error().message().c_str());
  try {
    third.pause();
  } catch (const torc::TaskStopped& error) {
    std::printf("pausing it now: %s\n", error.what());
  }

  auto last = torc::cooperate(slow_start("last"));
  co_await last.when_done();
  std::puts("last is done");
}

int main() { return torc::run(amain); }
