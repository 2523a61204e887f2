// A layer for connections that come through a proxy and begin with a PROXY header (torc/codec/proxy_header.hpp): above it
// the peer is the client that the proxy speaks for. What `haproxy:` endpoints stand on; for a port of your own:
//
//   torc::Port::serve(std::move(socket), handler, {.layers = {torc::proxy_layer()}});
//
// It lies below TLS, whose bytes follow the header. A connection is served when its header is whole, and is cut when what
// comes first is none, or does not come in time; that is logged at most once a second. Whoever can reach such a port
// says who they are: let nobody but the proxy.
#pragma once

#include <torc/base/time.hpp>
#include <torc/net/layer.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace torc {

struct ProxyOptions {
  /// For the header, from the begin of the connection.
  Duration time_limit = std::chrono::seconds(5);
  /// Of a header of version 2, with its extensions, which are skipped.
  std::size_t max_length = 4096;
};

std::shared_ptr<LayerFactory> proxy_layer(ProxyOptions options = {});

}  // namespace torc
