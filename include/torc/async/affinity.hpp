// Checks that what belongs to a scheduler is used on the thread that runs it (semantics, rule 38).
//
// On in debug builds (without NDEBUG) and with TORC_THREAD_CHECKS; otherwise nothing is left of them. A
// scheduler that is not running may be used on any one thread. Library code.
#pragma once

#include <torc/async/current.hpp>

namespace torc::detail {

/// While one lives, `scheduler` is run by this thread.
class [[nodiscard]] RunBy {
 public:
  explicit RunBy(const Scheduler& scheduler);
  ~RunBy();
  RunBy(const RunBy&) = delete;
  RunBy& operator=(const RunBy&) = delete;

 private:
  const Scheduler* scheduler_;
};

/// Stops the program if another thread runs `scheduler`, which need not live any more.
void require_thread(const Scheduler* scheduler, const char* what) noexcept;

inline void check_thread([[maybe_unused]] const Scheduler* scheduler, [[maybe_unused]] const char* what) noexcept {
#if !defined(NDEBUG) || defined(TORC_THREAD_CHECKS)
  if (scheduler && scheduler != current.scheduler) [[unlikely]] require_thread(scheduler, what);
#endif
}

}  // namespace torc::detail
