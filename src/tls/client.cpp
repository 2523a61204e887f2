#include <torc/tls/client.hpp>

#include "tls/certificates.hpp"
#include "tls/client_state.hpp"
#include "tls/engine.hpp"
#include "tls/tls_layer.hpp"

#include <torc/base/address.hpp>
#include <torc/base/host_name.hpp>
#include <torc/tls/errors.hpp>

#include <openssl/x509v3.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>

namespace torc::tls {

ClientContext::State::State(ClientOptions options)
    : Context(false, {options.minimum_version, options.handshake_timeout, options.close_timeout, options.key_log}),
      options(std::move(options)) {
  const auto& own = this->options;
  trust(own.trust, SSL_VERIFY_PEER);
  const auto alpn = detail::alpn_list(own.alpn);
  if (!alpn.empty()) SSL_CTX_set_alpn_protos(ssl(), alpn.data(), static_cast<unsigned>(alpn.size()));
  if (!own.certificate.empty()) {
    detail::Certificate(own.certificate, own.key).use(ssl());
  } else if (!own.key.empty()) {
    throw TlsConfigurationError("a key without a certificate: " + own.key);
  }
  SSL_CTX_set_session_cache_mode(ssl(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ssl(), [](SSL* connection, SSL_SESSION* session) {
    const auto& state =
        *static_cast<const State*>(static_cast<const Context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection))));
    const auto& engine = *static_cast<const detail::Engine*>(SSL_get_app_data(connection));
    state.sessions_.put(engine.host(), detail::SessionPtr(session));
    return 1;  // it is ours now
  });
}

void ClientContext::State::prepare(SSL* connection, const std::string& host) const {
  SSL_set_connect_state(connection);
  if (host.empty()) {
    if (std::holds_alternative<Unverified>(options.trust)) return;
    throw TlsConfigurationError("a TLS client needs the name of its host: nothing else tells who the peer is to be");
  }
  if (const auto checked = check_host(host); !checked) throw TlsConfigurationError("TLS to " + checked.error());
  auto* expected = SSL_get0_param(connection);
  bool good = true;
  if (IpAddress::parse(host)) {
    good = X509_VERIFY_PARAM_set1_ip_asc(expected, host.substr(0, host.find('%')).c_str()) == 1;
  } else {
    const std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    X509_VERIFY_PARAM_set_hostflags(expected,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    good = X509_VERIFY_PARAM_set1_host(expected, name.data(), name.size()) == 1 &&
           SSL_set_tlsext_host_name(connection, name.c_str()) == 1;
  }
  if (!good) throw TlsConfigurationError("TLS to " + host + " cannot be prepared: " + detail::take_error());
  if (const auto session = sessions_.take(host)) SSL_set_session(connection, session.get());
}

ClientContext::ClientContext(ClientOptions options) : state_(std::make_shared<const State>(std::move(options))) {}

std::unique_ptr<Layer> ClientContext::layer() const { return layer(state_->options.host); }
std::unique_ptr<Layer> ClientContext::layer(std::string host) const {
  return std::make_unique<detail::TlsLayer>(state_, std::move(host));
}

namespace {

// What a thread made lately. Few: found by looking at each.
struct Recent {
  using Clock = std::chrono::steady_clock;
  struct Entry {
    ClientOptions options;
    ClientContext context;
    Clock::time_point made;
  };
  std::deque<Entry> entries;
};

constexpr std::size_t kContexts = 16;
constexpr std::chrono::minutes kReread{10};

}  // namespace

std::unique_ptr<Layer> client(ClientOptions options) {
  static thread_local Recent recent;
  const std::string host = std::exchange(options.host, {});
  const auto now = Recent::Clock::now();
  std::erase_if(recent.entries, [&](const Recent::Entry& each) { return now - each.made > kReread; });
  auto found = std::ranges::find(recent.entries, options, &Recent::Entry::options);
  if (found == recent.entries.end()) {
    if (recent.entries.size() == kContexts) recent.entries.pop_front();
    recent.entries.push_back({options, ClientContext(options), now});
    found = std::prev(recent.entries.end());
  }
  return found->context.layer(host);
}

}  // namespace torc::tls
