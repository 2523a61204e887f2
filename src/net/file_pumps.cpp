#include "net/file_pumps.hpp"

#include "reactor/quiet_thread.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>
#include <string_view>
#include <system_error>

namespace torc {

namespace {

constexpr std::size_t kPiece = PIPE_BUF;  // what a pipe that has room takes without waiting for more

// False: `fd` is not ready, and all is to end.
bool wait_for(int fd, short events, int end) {
  for (;;) {
    pollfd watched[] = {{.fd = fd, .events = events, .revents = 0}, {.fd = end, .events = POLLIN, .revents = 0}};
    if (::poll(watched, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    if (watched[0].revents != 0) return true;
    if (watched[1].revents != 0) return false;
  }
}

// False when `to` takes no more.
bool write_all(int to, std::string_view data, int end) {
  while (!data.empty()) {
    if (!wait_for(to, POLLOUT, end)) return false;
    const auto count = ::write(to, data.data(), data.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) {
      if (errno != EPIPE) {
        log::error("net", "writing to descriptor " + std::to_string(to) + ": " + std::generic_category().message(errno));
      }
      return false;
    }
    data.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void pump(int from, int to, int end) {
  char piece[kPiece];
  while (wait_for(from, POLLIN, end)) {
    const auto count = ::read(from, piece, sizeof piece);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) {
      log::error("net", "reading from descriptor " + std::to_string(from) + ": " + std::generic_category().message(errno));
    }
    if (count <= 0 || !write_all(to, {piece, static_cast<std::size_t>(count)}, end)) return;
  }
}

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw SystemError("opening a pipe", errno);
    read = UniqueFd(ends[0]);
    write = UniqueFd(ends[1]);
  }
  UniqueFd read, write;
};

}  // namespace

FilePumps::FilePumps() : end_(::eventfd(0, EFD_CLOEXEC)) {
  if (!end_) throw SystemError("creating an eventfd", errno);
}

FilePumps::~FilePumps() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(end_.get(), &one, sizeof one);
  for (auto& thread : threads_) thread.join();
}

UniqueFd FilePumps::from(int fd) {
  Pipe pipe;
  ::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
  threads_.push_back(detail::start_quiet_thread("torc-file", [fd, ours = std::move(pipe.write), end = end_.get()] {
    pump(fd, ours.get(), end);
  }));
  return std::move(pipe.read);
}

UniqueFd FilePumps::to(int fd) {
  Pipe pipe;
  ::fcntl(pipe.write.get(), F_SETFL, O_NONBLOCK);
  threads_.push_back(detail::start_quiet_thread("torc-file", [fd, ours = std::move(pipe.read), end = end_.get()] {
    pump(ours.get(), fd, end);
  }));
  return std::move(pipe.write);
}

}  // namespace torc
