// PeerCredentials: who is at the other end of a UNIX socket, vouched for by the system.
//
// As it was when the peer connected, or listened: the process may have ended since, or have changed its user.
#pragma once

#include <sys/types.h>

namespace torc {

struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;

  bool operator==(const PeerCredentials&) const = default;
};

}  // namespace torc
