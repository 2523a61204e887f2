// What a thread is doing at this moment: its stack and its task, taken in that thread by a signal.
//
// The signal is a real-time one that nobody has a handler for, chosen when it is first needed and kept to
// the end of the process: one may be on its way at any time. One sample is taken at a time.
#pragma once

#include <torc/async/running_task.hpp>
#include <torc/base/time.hpp>
#include <torc/base/traceback.hpp>

#include <pthread.h>

#include <array>
#include <cstddef>

namespace torc::detail {

struct ThreadSample {
  std::array<void*, Traceback::kMaxFrames> frames{};
  std::size_t count = 0;
  RunningTask task;
  /// The thread was writing a report of torc's own, which the first time takes long.
  bool reporting = false;
};

/// The number of the signal, or 0 when none is free. Installs the handler the first time.
int sample_signal() noexcept;

/// Asks `thread`, which lives, for a sample. False when the signal is somebody else's by now.
bool ask_for_sample(pthread_t thread) noexcept;
/// What came, or null when it did not come in time: the thread has the signal blocked, or cannot run. Valid
/// until the next sample is asked for.
const ThreadSample* wait_for_sample(Duration limit) noexcept;

/// Lets this thread be sampled for a scope: pool threads and BackgroundReactors block all signals.
class [[nodiscard]] SamplesAllowed {
 public:
  SamplesAllowed() noexcept;
  ~SamplesAllowed();
  SamplesAllowed(const SamplesAllowed&) = delete;
  SamplesAllowed& operator=(const SamplesAllowed&) = delete;

 private:
  bool blocked_before_ = false;
};

}  // namespace torc::detail
