// start_quiet_thread: a named thread that no signal is delivered to.
//
// Signals are for the threads that ask for them. The ones a fault of the thread's own raises stay as they
// are, so that crash handlers see them.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace torc::detail {

/// Throws std::system_error when no thread can be had. Names are cut after 15 bytes, by the kernel's limit.
std::thread start_quiet_thread(const std::string& name, std::move_only_function<void()> f);

}  // namespace torc::detail
