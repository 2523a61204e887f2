// What the tests of TLS on connections share: a port with a certificate, and a client that trusts it.
#pragma once

#include "net/echo.hpp"
#include "net/on_reactor.hpp"
#include "tls/made_certificates.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/net/connect.hpp>
#include <torc/tls/tls.hpp>

#include <gtest/gtest.h>

namespace torc::tls {

class Tls : public testing::Test {
 protected:
  static const Site& site() {
    static const Site site;
    return site;
  }
  static ServerOptions as_site() { return {.certificate = site().pem_file}; }
  static ClientOptions to_site() { return {.host = "example.org", .trust = TrustFile{site().ca_file}}; }
  static PortOptions secured(const ServerOptions& options = as_site()) { return {.layers = {server(options)}}; }
  static Deferred<Stream> secure(const Port& port, ClientOptions options = to_site()) {
    auto stream = co_await connect_tcp(port.address());
    co_await stream.upgrade(client(std::move(options)));
    co_return stream;
  }
};

}  // namespace torc::tls
