// A process that takes over: restarting a server, or replacing it by a newer version, without refusing or cutting anybody.
//
//   old:  auto pid = co_await torc::start_successor({{"web", &port}});   // the new process serves, this one accepts no more
//         co_await port.close();                                        // what is going on ends in order
//   new:  auto port = co_await torc::listen(torc::was_given_sockets() ? "systemd:name=web" : "tcp:8080", handler);
//         torc::tell_predecessor();                                     // now the old one may go
//
// Both have the same listening socket, with its one queue of connections that wait, so none is lost between them. The new
// process gets it as a service manager would pass it (sd_listen_fds(3)), and any program that can be started by a socket
// unit can be one; without tell_predecessor() in it the old one waits until its limit, and stays.
// One thread: the reactor's.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/time.hpp>
#include <torc/net/port.hpp>

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace torc {

/// No successor took over; this process serves on as if nothing had been.
class NoSuccessor : public Error {
 public:
  using Error::Error;
};

/// A port, and what the successor knows its socket by: `systemd:name=NAME`. Without ':'.
struct NamedPort {
  std::string name;
  Port* port;
};

struct SuccessorOptions {
  /// The program, looked for in PATH unless there is a slash in it, and its arguments. Empty: those of this process.
  std::vector<std::string> command = {};
  /// From the start until it says that it serves.
  Duration time_limit = std::chrono::seconds(30);
};

/// Starts a program that gets the listening sockets of `ports` and nothing else that is open but 0, 1 and 2. Fires with
/// its process id when it has told that it serves; the ports, which must outlive this, then listen no longer, and their
/// connections go on (Port::close). Fails with NoSuccessor, or ReactorStopped; then the program is killed and the ports
/// are as they were. So it is when this is dropped or cancelled.
Deferred<pid_t> start_successor(std::vector<NamedPort> ports, SuccessorOptions options = {});

/// Whether sockets were passed to this process, by its predecessor or by a service manager.
bool was_given_sockets() noexcept;

/// Tells the process that started this one, if it waits for that, that this one serves.
void tell_predecessor() noexcept;

}  // namespace torc
