// process_stream: a program as the other end of a connection.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/net/stream.hpp>
#include <torc/process/options.hpp>

namespace torc::process {

/// A program whose standard input is written to and whose output is read from by one stream; its errors go where ours
/// do. SpawnOptions::files may add to that, not change 0 and 1. shutdown_write() is the end of its input. When the
/// stream is over the program has SpawnOptions::kill_after to end by itself, as much again from SIGTERM, then SIGKILL.
/// A program that closes its input while there is more for it ends the stream. Fails with CannotRun.
Deferred<Stream> process_stream(Command command, SpawnOptions options = {.files = {{2, inherit(2)}}});

}  // namespace torc::process
