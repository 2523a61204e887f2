// Sessions: what a client remembers of its connections, to resume them. By host name, the newest of each; a session of
// TLS 1.3 is used once (RFC 8446 C.4). From any thread.
#pragma once

#include "tls/openssl.hpp"

#include <deque>
#include <mutex>
#include <string>

namespace torc::tls::detail {

class Sessions {
 public:
  void put(const std::string& host, SessionPtr session);
  /// Null when there is none.
  SessionPtr take(const std::string& host);

 private:
  struct Entry {
    std::string host;
    SessionPtr session;
  };
  std::mutex mutex_;
  std::deque<Entry> entries_;  // the newest at the end
};

}  // namespace torc::tls::detail
