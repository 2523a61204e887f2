// Streams over descriptors that are open already: sockets, pipes, terminals, serial lines, standard input and output.
//
//   torc::Stream user = torc::stdio();
//   while (auto line = co_await user.read_line()) co_await user.write(*line + '\n');
//
// An adopted descriptor belongs to the stream and is closed with it. It is made non-blocking, and so it is then for every
// process that shares it; stdio() leaves those it finds as they are. Errors are thrown: SystemError, or Error saying why
// a descriptor will not do. One thread: the reactor's.
#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/net/stream.hpp>

#include <utility>

namespace torc {

/// A connected stream socket, of any family.
Stream adopt_socket(UniqueFd socket);
/// What `in` gives is read and what is written goes to `out`; either may be missing. Reading without `in` finds the end
/// at once, writing without `out` fails. shutdown_write() closes `out`. Once nobody reads from `out`, writing fails, and
/// with it the stream.
Stream adopt_pipes(UniqueFd in, UniqueFd out);
/// A terminal, the controlling side of one, or a serial line: both directions through one descriptor, with the modes it
/// has (termios(3)), and its size (net/terminal_size.hpp). Its end is when the other side hangs up. There is no half-close.
Stream adopt_terminal(UniqueFd terminal);

/// Standard input and output as one stream. What cannot be waited for, such as a file, is read and written on threads.
/// 0 and 1 stay open, so that who reads our output sees its end when the program ends. What was written before the stream
/// was closed or destroyed goes out also while the reactor stops, within its limit for that.
Stream stdio();

/// Two streams that are connected to each other.
std::pair<Stream, Stream> stream_pair();

}  // namespace torc
