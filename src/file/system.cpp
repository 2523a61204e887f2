#include "file/system.hpp"

#include <torc/file/errors.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace torc::file {

namespace {

constexpr std::size_t kMostAtOnce = 1024 * 1024 * 1024;  // the system's own limit is a little below 2 GiB

// Waits until `fd` can go on or `stop` is asked for. False: stop.
bool wait_for(int fd, short events, const std::stop_token& stop, const std::string& path) {
  const UniqueFd stopped(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stopped) throw FileError("waiting for", path, errno);
  const std::stop_callback wake(stop, [&] {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stopped.get(), &one, sizeof one);
  });
  pollfd both[] = {{.fd = fd, .events = events, .revents = 0}, {.fd = stopped.get(), .events = POLLIN, .revents = 0}};
  while (::poll(both, 2, -1) < 0) {
    if (errno != EINTR) throw FileError("waiting for", path, errno);
  }
  return both[1].revents == 0;
}

}  // namespace

void check_path(const std::string& doing, const std::string& path) {
  if (path.find('\0') != std::string::npos) {
    throw FileError(doing, path.substr(0, path.find('\0')), EINVAL, "there is a NUL in the path behind this");
  }
}

Kind kind_of(mode_t mode) noexcept {
  switch (mode & S_IFMT) {
    case S_IFREG: return Kind::kRegular;
    case S_IFDIR: return Kind::kFolder;
    case S_IFLNK: return Kind::kLink;
    case S_IFIFO: return Kind::kFifo;
    case S_IFSOCK: return Kind::kSocket;
    default: return Kind::kDevice;
  }
}

const char* name_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::kRegular: return "a regular file";
    case Kind::kFolder: return "a folder";
    case Kind::kLink: return "a symbolic link";
    case Kind::kFifo: return "a FIFO";
    case Kind::kSocket: return "a socket";
    case Kind::kDevice: return "a device";
  }
  return "?";
}

Opened open_checked(const std::string& doing, const std::string& path, int flags, unsigned mode, bool any_kind) {
  check_path(doing, path);
  const bool empties = flags & O_TRUNC;
  UniqueFd fd(::open(path.c_str(), (flags & ~O_TRUNC) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, static_cast<mode_t>(mode)));
  const int code = errno;
  struct ::stat found = {};
  if (!fd) {
    // A FIFO without a reader, a socket: say what it is rather than "No such device or address".
    if (code == ENXIO && !any_kind && ::stat(path.c_str(), &found) == 0) {
      throw FileError(doing, path, code, std::string("it is ") + name_of(kind_of(found.st_mode)) + ", not a regular file");
    }
    throw FileError(doing, path, code);
  }
  if (::fstat(fd.get(), &found) != 0) throw FileError(doing, path, errno);
  const Kind kind = kind_of(found.st_mode);
  if (kind == Kind::kFolder) throw FileError(doing, path, EISDIR);
  if (kind != Kind::kRegular && !any_kind) {
    throw FileError(doing, path, EINVAL,
                    std::string("it is ") + name_of(kind) + ", not a regular file (any_kind would allow it)");
  }
  if (empties && kind == Kind::kRegular && ::ftruncate(fd.get(), 0) != 0) throw FileError(doing, path, errno);
  const bool regular = kind == Kind::kRegular;
  return {std::move(fd), regular, empties || !regular ? 0 : static_cast<std::size_t>(found.st_size)};
}

std::size_t read_once(const Opened& file, char* data, std::size_t size, std::size_t offset, const std::string& path,
                      const std::stop_token& stop) {
  size = std::min(size, kMostAtOnce);
  for (;;) {
    const auto got = file.regular ? ::pread(file.fd.get(), data, size, static_cast<off_t>(offset))
                                  : ::read(file.fd.get(), data, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) throw FileError("reading", path, errno);
    if (!wait_for(file.fd.get(), POLLIN, stop, path)) return 0;
  }
}

void write_all(const Opened& file, std::string_view data, std::size_t offset, const std::string& path,
               std::size_t& written, const std::stop_token& stop) {
  const bool at = file.regular && offset != kWhereItIs;
  while (!data.empty()) {
    const auto size = std::min(data.size(), kMostAtOnce);
    const auto taken = at ? ::pwrite(file.fd.get(), data.data(), size, static_cast<off_t>(offset))
                          : ::write(file.fd.get(), data.data(), size);
    if (taken >= 0) {
      data.remove_prefix(static_cast<std::size_t>(taken));
      written += static_cast<std::size_t>(taken);
      offset += at ? static_cast<std::size_t>(taken) : 0;
    } else if (errno == EAGAIN) {
      if (!wait_for(file.fd.get(), POLLOUT, stop, path)) return;
    } else if (errno != EINTR) {
      throw FileError("writing", path, errno);
    }
  }
}

}  // namespace torc::file
