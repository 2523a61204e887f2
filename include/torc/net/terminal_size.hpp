// How many rows and columns a terminal has: asked, set, and heard of when it changes.
//
//   if (const auto size = torc::terminal_size(torc::stdio())) ...              // our own
//   torc::set_terminal_size(child.output(), {.rows = 50, .columns = 132});     // a program's that runs in ours
//   auto resized = torc::watch_terminal_size([&](torc::TerminalSize size) { draw(size); });
//
// Both sides of a terminal have the same size, and either may set it: who shows it (a window, an SSH client) sets it, what
// runs inside gets SIGWINCH and asks. One thread: the reactor's.
#pragma once

#include <torc/reactor/signals.hpp>

#include <functional>
#include <optional>

namespace torc {

class Stream;
class Transport;

struct TerminalSize {
  unsigned short rows = 24;
  unsigned short columns = 80;
  friend bool operator==(const TerminalSize&, const TerminalSize&) = default;
};

/// The size of a terminal: a descriptor of either side, or what lies on one, through any layers. None where there is no
/// terminal, or where nobody has given it a size.
std::optional<TerminalSize> terminal_size(int fd) noexcept;
std::optional<TerminalSize> terminal_size(const Stream& stream) noexcept;
std::optional<TerminalSize> terminal_size(const Transport& transport) noexcept;

/// Sets it. The programs in its foreground get SIGWINCH when it is not what it was.
/// Throws SystemError where there is no terminal, or none any more.
void set_terminal_size(int fd, TerminalSize size);
void set_terminal_size(const Stream& stream, TerminalSize size);
void set_terminal_size(const Transport& transport, TerminalSize size);

/// Calls `f` with the new size each time the terminal of this program gets another, until dropped. `fd` is open on that
/// terminal; it is not taken over, and asked again each time.
/// Thread: that of the current reactor. `f` may drop the watch.
SignalWatch watch_terminal_size(std::move_only_function<void(TerminalSize)> f, int fd = 1);

}  // namespace torc
