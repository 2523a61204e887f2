// The walk up the stack behind Traceback. Used by the traceback and by what records throws; takes no memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace torc::detail {

/// Return addresses from the frame at `frame` (a value of __builtin_frame_address(0) in a function that is still running)
/// on upwards: the first is the one that function returns to. No memory, no lock.
std::size_t walk_stack(void** out, std::size_t max, std::uintptr_t frame) noexcept;

}  // namespace torc::detail
