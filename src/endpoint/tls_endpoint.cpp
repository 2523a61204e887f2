#include "endpoint/tls_endpoint.hpp"

#include <torc/tls/client.hpp>
#include <torc/tls/server.hpp>

#include <filesystem>

namespace torc::detail {

namespace {

tls::Trust trust_in(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return tls::TrustFolder{path};
  return tls::TrustFile{path};
}

}  // namespace

std::shared_ptr<LayerFactory> tls_layer(const TlsServerEndpoint& endpoint) {
  tls::ServerOptions options{.certificate = endpoint.certificate,
                             .key = endpoint.key,
                             .folder = endpoint.folder,
                             .alpn = endpoint.alpn};
  if (!endpoint.client_authorities.empty()) {
    options.client_trust = trust_in(endpoint.client_authorities);
    options.client_certificates = endpoint.client_may_be_anonymous ? tls::ClientCertificates::kOptional
                                                                   : tls::ClientCertificates::kRequired;
  }
  return tls::server(std::move(options));
}

std::unique_ptr<Layer> tls_layer(const TlsClientEndpoint& endpoint) {
  tls::ClientOptions options{.host = endpoint.tcp.host,
                             .alpn = endpoint.alpn,
                             .certificate = endpoint.certificate,
                             .key = endpoint.key,
                             .handshake_timeout = endpoint.tcp.timeout};
  if (!endpoint.trust.empty()) options.trust = trust_in(endpoint.trust);
  return tls::client(std::move(options));
}

}  // namespace torc::detail
