#include "tls/pending.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace torc::tls::detail {

void Pending::add(std::string_view bytes) {
  if (bytes.empty()) return;
  Bytes* last = parts_.empty() ? nullptr : std::get_if<Bytes>(&parts_.back());
  if (!last) last = &std::get<Bytes>(parts_.emplace_back(Bytes{}));
  last->bytes += bytes;
  size_ += bytes.size();
  memory_ += bytes.size();
}

void Pending::add_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) {
  if (length == 0) return;
  parts_.emplace_back(File{std::move(file), offset, length});
  size_ += length;
}

bool Pending::take(std::size_t most, Scratch& into) {
  return std::visit([&](auto& part) { return take(part, most, into); }, parts_.front());
}

bool Pending::take(Bytes& bytes, std::size_t most, Scratch& into) {
  const auto piece = std::string_view(bytes.bytes).substr(bytes.taken, most);
  into.append(piece);
  bytes.taken += piece.size();
  size_ -= piece.size();
  memory_ -= piece.size();
  if (bytes.taken == bytes.bytes.size()) parts_.pop_front();
  return true;
}

bool Pending::take(File& file, std::size_t most, Scratch& into) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(most, file.left));
  ssize_t count;
  do {
    count = ::pread(file.file.get(), into.room(wanted), wanted, static_cast<off_t>(file.offset));
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  into.commit(static_cast<std::size_t>(count));
  file.offset += static_cast<std::uint64_t>(count);
  file.left -= static_cast<std::uint64_t>(count);
  size_ -= static_cast<std::uint64_t>(count);
  if (file.left == 0) parts_.pop_front();
  return true;
}

}  // namespace torc::tls::detail
