#include "endpoint/other_modules.hpp"

#include "torc/net/errors.hpp"

namespace torc::detail {

std::shared_ptr<LayerFactory> tls_layer(const TlsServerEndpoint& endpoint) {
  throw CannotListen("cannot listen at " + endpoint.str() + ": the program does not link torc::tls");
}

std::unique_ptr<Layer> tls_layer(const TlsClientEndpoint& endpoint) {
  throw ConnectError("cannot connect to " + endpoint.str() + ": the program does not link torc::tls");
}

}  // namespace torc::detail
