// Faults: what goes wrong, or slowly, below torc. The system calls torc makes are wrapped by the linker (-Wl,--wrap), so
// the libraries are those that users get. What is cut short or put off is reported as ready once more, as a kernel would.
// On pollers that are neither told of edges by us nor look at levels themselves (io_uring) calls are not cut or put off.
#pragma once

#include <cstddef>

namespace contract {

struct Faults {
  std::size_t most_read = 0;     // bytes a call gives at most; 0: no limit
  std::size_t most_written = 0;  // bytes a call takes at most
  bool interrupted = false;      // each call is interrupted once before it does anything
  bool would_block = false;      // each call says once that it would block, and is found ready again
  bool levels = false;           // the poller tells what is ready as long as it is waited for
  long fail_at = -1;             // the call, counted from 0, that fails
  int error = 0;                 // with this; calls that cannot give it go on

  bool slow() const noexcept { return most_read == 1 || most_written == 1; }

  /// Faults of this thread from here on, and calls counted since. Null: none.
  static void set(const Faults* faults) noexcept;
  static long calls() noexcept;
  /// Those that are set; none of them if none are.
  static Faults current() noexcept;
  /// For what makes no system calls: counts one that could fail with any error of a connection, and gives its errno or 0.
  static int next() noexcept;
};

}  // namespace contract
