// What the kernel writes into an inotify descriptor's buffer, taken apart. Pure; any bytes may come in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace torc::file {

struct InotifyRecord {
  int watch = -1;  // of an overflow: none
  std::uint32_t mask = 0;
  std::uint32_t cookie = 0;
  std::string_view name;  // in the buffer
};

/// Cuts the first record off `buffer`; nothing when that holds no whole one.
std::optional<InotifyRecord> take_record(std::string_view& buffer) noexcept;

}  // namespace torc::file
