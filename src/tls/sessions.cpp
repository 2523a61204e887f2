#include "tls/sessions.hpp"

#include <algorithm>
#include <utility>

namespace torc::tls::detail {

namespace {

constexpr std::size_t kHosts = 64;

}  // namespace

void Sessions::put(const std::string& host, SessionPtr session) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.host == host; });
  if (entries_.size() == kHosts) entries_.pop_front();
  entries_.push_back({host, std::move(session)});
}

SessionPtr Sessions::take(const std::string& host) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(entries_, host, &Entry::host);
  if (found == entries_.end()) return nullptr;
  SSL_SESSION* session = found->session.get();
  if (SSL_SESSION_is_resumable(session) == 1 && SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION) {
    SSL_SESSION_up_ref(session);
    return SessionPtr(session);
  }
  SessionPtr taken = std::move(found->session);
  entries_.erase(found);
  return taken;
}

}  // namespace torc::tls::detail
