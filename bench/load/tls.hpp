// The client's side of TLS 1.3.
#pragma once

#include <openssl/ssl.h>

#include "load.hpp"

namespace bench {

/// TLS over the connection `fd`, which has not begun yet.
inline SSL* tls_over(int fd) {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
    return made;
  }();
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  return ssl;
}

/// The same after a full handshake.
inline SSL* secure(int fd) {
  SSL* ssl = tls_over(fd);
  if (SSL_connect(ssl) != 1) fail("handshake");
  return ssl;
}

}  // namespace bench
