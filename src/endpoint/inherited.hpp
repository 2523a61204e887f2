// Descriptors that were open when the program began: by number, or as the service manager numbers and names them.
#pragma once

#include "torc/base/unique_fd.hpp"
#include "torc/endpoint/server_endpoints.hpp"
#include "torc/net/listening_socket.hpp"
#include "torc/net/stream.hpp"

namespace torc::detail {

/// Takes what `number` is. From then on the number stands for /dev/null, so that nobody takes it twice, or takes for it
/// what was opened since. Throws SystemError.
UniqueFd take_descriptor(int number);

/// Throws CannotListen.
ListeningSocket open_inherited(const FdEndpoint& endpoint);
ListeningSocket open_inherited(const SystemdServerEndpoint& endpoint);

/// A connection, a pipe or a terminal that was open. Throws SystemError, or Error for what is none of these.
Stream take_stream(const FdEndpoint& endpoint);

}  // namespace torc::detail
