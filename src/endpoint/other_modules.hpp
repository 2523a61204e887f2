// What endpoints need of modules that a program may do without: TLS brings OpenSSL, and only programs that link torc::tls
// pay for it. The others are told so when they open such an endpoint; every kind is parsed everywhere.
#pragma once

#include "torc/endpoint/client_endpoints.hpp"
#include "torc/net/layer.hpp"

#include <memory>

namespace torc::detail {

std::shared_ptr<LayerFactory> tls_layer(const TlsServerEndpoint& endpoint);
std::unique_ptr<Layer> tls_layer(const TlsClientEndpoint& endpoint);

}  // namespace torc::detail
