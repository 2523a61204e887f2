#include "file/inotify_record.hpp"

#include <sys/inotify.h>

#include <cstring>

namespace torc::file {

std::optional<InotifyRecord> take_record(std::string_view& buffer) noexcept {
  struct inotify_event head;
  constexpr std::size_t kHead = offsetof(struct inotify_event, name);
  if (buffer.size() < kHead) return std::nullopt;
  std::memcpy(&head, buffer.data(), kHead);
  if (buffer.size() - kHead < head.len) return std::nullopt;
  // Padded with NULs.
  const std::string_view field = buffer.substr(kHead, head.len);
  const InotifyRecord record{head.wd, head.mask, head.cookie, field.substr(0, field.find('\0'))};
  buffer.remove_prefix(kHead + head.len);
  return record;
}

}  // namespace torc::file
