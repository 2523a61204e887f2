// Context: what the connections of a client or a server share. It is one SSL_CTX, the time limits, and what the
// callbacks of OpenSSL need. Immutable; its connections keep it alive, on any thread.
#pragma once

#include "tls/key_log.hpp"
#include "tls/openssl.hpp"

#include <torc/base/time.hpp>
#include <torc/tls/trust.hpp>

#include <string>
#include <vector>

namespace torc::tls::detail {

class Context {
 public:
  struct Common {
    Version minimum_version;
    Duration handshake_timeout;
    Duration close_timeout;
    const std::string& key_log;
  };
  virtual ~Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  SSL_CTX* ssl() const noexcept { return ssl_.get(); }
  bool is_server() const noexcept { return server_; }
  Duration handshake_timeout() const noexcept { return handshake_timeout_; }
  Duration close_timeout() const noexcept { return close_timeout_; }
  /// Makes `ssl` ready to begin, with `host` for its peer. Throws TlsConfigurationError.
  virtual void prepare(SSL* ssl, const std::string& host) const = 0;

 protected:
  Context(bool server, const Common& common);
  /// Whom to believe, and that somebody must be believed. Throws TlsConfigurationError.
  void trust(const Trust& trust, int verify);

 private:
  KeyLog key_log_;
  SslCtxPtr ssl_;
  Duration handshake_timeout_;
  Duration close_timeout_;
  bool server_;
};

/// Names of protocols as ALPN has them on the wire. Throws TlsConfigurationError.
std::vector<unsigned char> alpn_list(const std::vector<std::string>& names);

}  // namespace torc::tls::detail
