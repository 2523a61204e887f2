// What other threads of the process might still do: asked before a wait is declared a deadlock.
#pragma once

#include <atomic>

namespace torc::detail {

/// Threads of all pools that wait for a job; jobs that wait, run, or have not been sent home.
extern std::atomic<long> idle_pool_threads;
extern std::atomic<long> pool_jobs;

/// False when no job is under way and this thread is the only one beside idle threads of pools and the
/// watchdog. Asks the kernel: not for every turn.
bool others_may_act() noexcept;

}  // namespace torc::detail
