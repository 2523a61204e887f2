// The report of a fiber that runs over its stack.
//
// One handler for SIGSEGV in the process, on a signal stack of each thread that has fibers. When the fault
// lies in the guard of the running fiber's stack it says so and by whom; either way it then puts back the
// handler it found, under which the fault happens again.
#pragma once

namespace torc::detail {

/// Makes this thread's overflows reported. Cheap after the first call on a thread.
void report_overflows();

}  // namespace torc::detail
