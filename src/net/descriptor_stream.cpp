#include <torc/net/descriptor_stream.hpp>

#include "net/fd_transport.hpp"
#include "net/file_pumps.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace torc {

namespace {

std::string descriptor(int fd) { return "descriptor " + std::to_string(fd); }

struct stat look_at(int fd, const char* doing) {
  struct stat file;
  if (::fstat(fd, &file) != 0) throw SystemError(std::string(doing) + " " + descriptor(fd), errno);
  return file;
}

void stop_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) throw SystemError("adopting " + descriptor(fd), errno);
}

void adopt(int fd) {
  if (fd < 0) return;
  const auto mode = look_at(fd, "adopting").st_mode;
  if (S_ISREG(mode) || S_ISDIR(mode)) {
    throw Error(descriptor(fd) + " is a file, which a loop cannot wait for: read and write it on a thread (defer_to_thread)");
  }
  stop_blocking(fd);
}

// A description of our own of what `fd` stands for, so that it can be non-blocking; empty when there can be none.
UniqueFd reopen(int fd, int access) {
  const auto mode = look_at(fd, "using").st_mode;
  if (!S_ISFIFO(mode) && ::isatty(fd) == 0) return {};
  return UniqueFd(::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
}

}  // namespace

Stream adopt_socket(UniqueFd socket) {
  int type = 0, listens = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    throw SystemError("adopting " + descriptor(socket.get()) + " as a socket", errno);
  }
  size = sizeof listens;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
  if (type != SOCK_STREAM) throw Error(descriptor(socket.get()) + " is a socket, but not one of a stream");
  if (listens != 0) throw Error(descriptor(socket.get()) + " is a socket that listens: ListeningSocket::adopt takes it");
  stop_blocking(socket.get());
  return FdTransport::stream(Reactor::required("adopt_socket"), StreamFd(std::move(socket)));
}

Stream adopt_pipes(UniqueFd in, UniqueFd out) {
  if (!in && !out) throw Error("a stream needs a descriptor to read from or one to write to");
  adopt(in.get());
  adopt(out.get());
  return FdTransport::stream(Reactor::required("adopt_pipes"), StreamFd(std::move(in), std::move(out)));
}

Stream adopt_terminal(UniqueFd terminal) {
  if (!terminal) throw Error("a stream needs a descriptor");
  adopt(terminal.get());
  return FdTransport::stream(Reactor::required("adopt_terminal"), StreamFd(std::move(terminal), {}, true));
}

Stream stdio() {
  Reactor& reactor = Reactor::required("stdio");
  UniqueFd in = reopen(STDIN_FILENO, O_RDONLY);
  UniqueFd out = reopen(STDOUT_FILENO, O_WRONLY);
  if (!in) in = reactor.service<FilePumps>().from(STDIN_FILENO);
  if (!out) out = reactor.service<FilePumps>().to(STDOUT_FILENO);
  return FdTransport::stream(reactor, StreamFd(std::move(in), std::move(out)));
}

std::pair<Stream, Stream> stream_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    throw SystemError("opening a pair of sockets", errno);
  }
  UniqueFd one(ends[0]), other(ends[1]);
  Reactor& reactor = Reactor::required("stream_pair");
  Stream first = FdTransport::stream(reactor, StreamFd(std::move(one)));
  return {std::move(first), FdTransport::stream(reactor, StreamFd(std::move(other)))};
}

}  // namespace torc
