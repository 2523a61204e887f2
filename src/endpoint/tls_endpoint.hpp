// The layers of tls: endpoints.
#pragma once

#include <torc/endpoint/client_endpoints.hpp>
#include <torc/net/layer.hpp>

#include <memory>

namespace torc::detail {

/// Throws TlsConfigurationError when a certificate cannot be used.
std::shared_ptr<LayerFactory> tls_layer(const TlsServerEndpoint& endpoint);
std::unique_ptr<Layer> tls_layer(const TlsClientEndpoint& endpoint);

}  // namespace torc::detail
