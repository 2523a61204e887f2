// RunningTask: which task this thread is running, and who waits for it, told to a signal handler.
//
// The stall detector asks while the thread is wherever it may be, in the middle of a throw or of malloc. So
// nothing here takes memory or a lock, and only what is sure to live is looked at: an operation whose code
// is on the stack lives, and so does an operation that waits for it, because dropping cuts that edge first.
// The list of roots is left alone while it changes. Library code.
#pragma once

#include <torc/async/operation.hpp>

#include <array>
#include <cstddef>
#include <source_location>
#include <string>

namespace torc::detail {

struct RunningTask {
  static constexpr std::size_t kMaxWaits = 16;

  /// The root that owns it ("a task of a TaskSet"), or null: none, or the list was being changed.
  const char* kind = nullptr;
  std::source_location created{};
  /// What runs, then who waits for it, outwards.
  std::array<WaitSite, kMaxWaits> waits{};
  std::size_t count = 0;
  bool cut = false;  // there were more

  /// Fills this in with what the calling thread is running. May be called in a signal handler.
  void capture() noexcept;
  /// "a task of a TaskSet from main.cpp:12, at co_await at main.cpp:30, for co_await at main.cpp:41", or
  /// "no task: a callback". Not for signal handlers.
  std::string text() const;
};

}  // namespace torc::detail
