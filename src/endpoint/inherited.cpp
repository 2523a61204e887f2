#include "endpoint/inherited.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <vector>

#include "base/decimal.hpp"
#include "base/escape.hpp"
#include "torc/base/errors.hpp"
#include "torc/net/descriptor_stream.hpp"
#include "torc/net/errors.hpp"

namespace torc::detail {
namespace {

constexpr int kFirst = 3;  // of those that a service manager passes

[[noreturn]] void refuse(const std::string& endpoint, std::string_view why) {
  throw CannotListen(fmt::format("cannot listen at {}: {}", endpoint, why));
}

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

ListeningSocket take_listening(int number, const std::string& endpoint) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) {
    refuse(endpoint, fmt::format("descriptor {} is no socket: {} (nobody opened it, or it has been taken already)", number,
                                 std::generic_category().message(errno)));
  }
  if (listens == 0) refuse(endpoint, fmt::format("descriptor {} is a socket that does not listen", number));
  return ListeningSocket::adopt(take_descriptor(number));
}

std::vector<std::string_view> names() {
  std::vector<std::string_view> names;
  const std::string_view text = variable("LISTEN_FDNAMES");
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    names.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

}  // namespace

UniqueFd take_descriptor(int number) {
  UniqueFd taken(::fcntl(number, F_DUPFD_CLOEXEC, kFirst));
  if (!taken) throw SystemError(fmt::format("taking descriptor {}", number), errno);
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  // Standard input and output stay open for children.
  if (!null || ::dup3(null.get(), number, number < kFirst ? 0 : O_CLOEXEC) < 0) {
    throw SystemError(fmt::format("putting /dev/null in the place of descriptor {}", number), errno);
  }
  return taken;
}

Stream take_stream(const FdEndpoint& endpoint) {
  UniqueFd taken = take_descriptor(endpoint.descriptor);
  struct stat status {};
  ::fstat(taken.get(), &status);
  if (S_ISSOCK(status.st_mode)) return adopt_socket(std::move(taken));
  if (!S_ISFIFO(status.st_mode)) return adopt_terminal(std::move(taken));
  const bool writes = (::fcntl(taken.get(), F_GETFL) & O_ACCMODE) == O_WRONLY;
  return writes ? adopt_pipes(UniqueFd(), std::move(taken)) : adopt_pipes(std::move(taken), UniqueFd());
}

ListeningSocket open_inherited(const FdEndpoint& endpoint) { return take_listening(endpoint.descriptor, endpoint.str()); }

ListeningSocket open_inherited(const SystemdServerEndpoint& endpoint) {
  const std::string text = endpoint.str();
  if (variable("LISTEN_PID") != std::to_string(::getpid())) {
    refuse(text, variable("LISTEN_PID").empty() ? "this process was given no sockets (start it by a socket unit)"
                                                : "the sockets there are were given to another process (LISTEN_PID)");
  }
  const auto count = parse_decimal(variable("LISTEN_FDS"), 1'000'000);
  if (!count) refuse(text, fmt::format("LISTEN_FDS is no number: {}", in_quotes(variable("LISTEN_FDS"), 40)));
  if (endpoint.index) {
    if (static_cast<std::uint64_t>(*endpoint.index) >= *count) {
      refuse(text, fmt::format("this process was given {} sockets, counted from 0", *count));
    }
    return take_listening(kFirst + *endpoint.index, text);
  }
  const auto all = names();
  int found = -1;
  for (std::size_t i = 0; i < std::min<std::size_t>(all.size(), *count); ++i) {
    if (all[i] != endpoint.name) continue;
    if (found >= 0) refuse(text, "several sockets have this name (say which with index=)");
    found = static_cast<int>(i);
  }
  if (found < 0) refuse(text, fmt::format("no socket has this name, of {}", in_quotes(variable("LISTEN_FDNAMES"))));
  return take_listening(kFirst + found, text);
}

}  // namespace torc::detail
