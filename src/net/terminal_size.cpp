#include <torc/net/terminal_size.hpp>

#include "net/fd_transport.hpp"

#include <torc/base/errors.hpp>
#include <torc/net/stream.hpp>

#include <sys/ioctl.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

namespace torc {

namespace {

// The descriptor of the terminal that `transport` lies on; else another one of its, or -1.
int terminal_below(const Transport* transport) noexcept {
  while (transport && transport->lower()) transport = transport->lower();
  const auto* bottom = dynamic_cast<const FdTransport*>(transport);
  if (!bottom) return -1;
  const StreamFd& fd = bottom->descriptors();
  return terminal_size(fd.in()) || fd.out() < 0 ? fd.in() : fd.out();
}

void set_size(int fd, TerminalSize size, const std::string& of) {
  const winsize window{.ws_row = size.rows, .ws_col = size.columns, .ws_xpixel = 0, .ws_ypixel = 0};
  if (::ioctl(fd, TIOCSWINSZ, &window) != 0) throw SystemError("setting the size of a terminal (" + of + ")", errno);
}

}  // namespace

std::optional<TerminalSize> terminal_size(int fd) noexcept {
  winsize window{};
  if (::ioctl(fd, TIOCGWINSZ, &window) != 0 || window.ws_row == 0 || window.ws_col == 0) return std::nullopt;
  return TerminalSize{.rows = window.ws_row, .columns = window.ws_col};
}

std::optional<TerminalSize> terminal_size(const Transport& transport) noexcept {
  return terminal_size(terminal_below(&transport));
}

std::optional<TerminalSize> terminal_size(const Stream& stream) noexcept {
  return terminal_size(terminal_below(stream.transport()));
}

void set_terminal_size(int fd, TerminalSize size) { set_size(fd, size, "descriptor " + std::to_string(fd)); }

void set_terminal_size(const Transport& transport, TerminalSize size) {
  set_size(terminal_below(&transport), size, "of a connection");
}

void set_terminal_size(const Stream& stream, TerminalSize size) {
  set_size(terminal_below(stream.transport()), size, "of a stream");
}

SignalWatch watch_terminal_size(std::move_only_function<void(TerminalSize)> f, int fd) {
  return SignalWatch(Reactor::required("watch_terminal_size"), SIGWINCH,
                     [f = std::move(f), fd, known = terminal_size(fd)]() mutable {
                       const auto size = terminal_size(fd);
                       if (!size || size == std::exchange(known, size)) return;
                       f(*size);
                     });
}

}  // namespace torc
