#include <torc/tls/server.hpp>

#include "tls/server_state.hpp"
#include "tls/tls_layer.hpp"

#include <torc/tls/errors.hpp>

#include <openssl/evp.h>

#include <utility>

namespace torc::tls {

namespace {

constexpr std::size_t kAuthoritiesNamed =
    64;  // clients are told by whom a certificate may be signed, unless by too many

// Calls `f` with each certificate in the store of `context`.
template <class F>
void each_authority(SSL_CTX* context, F f) {
  auto* objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    if (X509* certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i))) f(certificate);
  }
}

}  // namespace

Server::State::State(const ServerOptions& options, const State* before)
    : Context(true, {options.minimum_version, options.handshake_timeout, options.close_timeout, options.key_log}),
      alpn_(detail::alpn_list(options.alpn)),
      has_default_(!options.certificate.empty()) {
  if (!has_default_ && options.folder.empty())
    throw TlsConfigurationError("a TLS server needs a certificate, or a folder of them");
  if (has_default_) detail::Certificate(options.certificate, options.key).use(ssl());
  if (!options.folder.empty()) {
    named_.emplace(options.folder);
    SSL_CTX_set_tlsext_servername_callback(
        ssl(),
        +[](SSL* connection, int* alert, void*) { return of(connection).choose_certificate(connection, alert); });
  }
  if (!alpn_.empty()) {
    SSL_CTX_set_alpn_select_cb(
        ssl(),
        [](SSL* connection, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
           unsigned length, void*) { return of(connection).choose_protocol(chosen, size, offered, length); },
        nullptr);
  }
  ask_for_certificates(options);
  resume_sessions(options, before);
}

void Server::State::prepare(SSL* connection, const std::string&) const { SSL_set_accept_state(connection); }

const Server::State& Server::State::of(const SSL* connection) {
  return *static_cast<const State*>(static_cast<const Context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection))));
}

void Server::State::ask_for_certificates(const ServerOptions& options) {
  if (options.client_certificates == ClientCertificates::kNone) return;
  if (options.client_trust == Trust(TrustFile{})) {
    throw TlsConfigurationError("clients are to show certificates, and client_trust does not say who vouches for them");
  }
  const bool required = options.client_certificates == ClientCertificates::kRequired;
  trust(options.client_trust, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0));
  if (std::holds_alternative<Unverified>(options.client_trust)) {  // shown, and not verified
    SSL_CTX_set_verify(ssl(), SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       [](int, X509_STORE_CTX*) { return 1; });
  }
  std::size_t named = 0;
  each_authority(ssl(), [&](X509* authority) {
    if (named++ < kAuthoritiesNamed) SSL_CTX_add_client_CA(ssl(), authority);
  });
  if (named > kAuthoritiesNamed) SSL_CTX_set_client_CA_list(ssl(), nullptr);
}

// What is asked of clients. A session made under another policy is not resumed under this one.
Server::State::Policy Server::State::policy(const ServerOptions& options) const {
  std::string what = std::to_string(static_cast<int>(options.client_certificates));
  if (options.client_certificates != ClientCertificates::kNone) {
    what += std::to_string(options.client_trust.index());
    each_authority(ssl(), [&](X509* authority) {
      Policy print;
      unsigned size = print.size();
      X509_digest(authority, EVP_sha256(), print.data(), &size);
      what.append(reinterpret_cast<const char*>(print.data()), size);
    });
  }
  Policy result;
  unsigned size = result.size();
  if (EVP_Digest(what.data(), what.size(), result.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw TlsConfigurationError("OpenSSL gives no SHA-256: " + detail::take_error());
  }
  return result;
}

void Server::State::resume_sessions(const ServerOptions& options, const State* before) {
  policy_ = policy(options);
  SSL_CTX_set_session_id_context(ssl(), policy_.data(), static_cast<unsigned>(policy_.size()));
  SSL_CTX_set_session_cache_mode(ssl(), SSL_SESS_CACHE_OFF);
  if (options.session_lifetime <= Duration::zero()) {
    SSL_CTX_set_options(ssl(), SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(ssl(), 0);
    return;
  }
  const bool go_on = before && before->tickets_ && before->policy_ == policy_;
  tickets_ = go_on ? before->tickets_ : std::make_shared<detail::TicketKeys>(options.session_lifetime);
  if (go_on) tickets_->rotate();
  SSL_CTX_set_timeout(ssl(), std::chrono::duration_cast<std::chrono::seconds>(options.session_lifetime).count());
  SSL_CTX_set_num_tickets(ssl(), 1);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl(), [](SSL* connection, unsigned char* name, unsigned char* iv,
                                                 EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int seal) {
    const int result = detail::TicketKeys::seal_or_open(of(connection).tickets(), name, iv, cipher, mac, seal == 1);
    const bool spent = seal == 0 && SSL_version(connection) >= TLS1_3_VERSION;  // its client will not use it again
    return result == 1 && spent ? 2 : result;
  });
}

int Server::State::choose_certificate(SSL* connection, int* alert) const {
  const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  if (const auto* found = name ? named_->find(name) : nullptr) {
    if (found->use(connection)) return SSL_TLSEXT_ERR_OK;
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  if (has_default_) return SSL_TLSEXT_ERR_NOACK;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int Server::State::choose_protocol(const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                                   unsigned length) const {
  auto** out = const_cast<unsigned char**>(chosen);
  const auto result =
      SSL_select_next_proto(out, size, alpn_.data(), static_cast<unsigned>(alpn_.size()), offered, length);
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Server::Server(ServerOptions options)
    : options_(std::move(options)), state_(std::make_shared<const State>(options_, nullptr)) {}
Server::~Server() = default;

std::shared_ptr<const Server::State> Server::state() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

std::unique_ptr<Layer> Server::build() { return std::make_unique<detail::TlsLayer>(state(), std::string()); }

void Server::reload() {
  std::unique_lock lock(mutex_);
  auto options = options_;
  lock.unlock();
  reload(std::move(options));
}

void Server::reload(ServerOptions options) {
  const auto before = state();
  auto after = std::make_shared<const State>(options, before.get());
  const std::scoped_lock lock(mutex_);
  options_ = std::move(options);
  state_ = std::move(after);
}

std::shared_ptr<Server> server(ServerOptions options) { return std::make_shared<Server>(std::move(options)); }

}  // namespace torc::tls
