// The client's end of TLS: a layer for Stream::upgrade, at the beginning of a connection or after STARTTLS.
//
//   auto stream = co_await torc::connect("tcp:example.org:443");
//   co_await stream.upgrade(torc::tls::client({.host = "example.org"}));
//
// The chain and the name are verified unless `trust` is the type that says otherwise. Sessions are resumed: the
// connections of one context to one host remember the last one's. The upgrade fails with TlsHandshakeFailed or
// CertificateRefused; a connection whose peer ends without saying so fails with TlsTruncated (torc/tls/errors.hpp).
#pragma once

#include <torc/base/time.hpp>
#include <torc/net/layer.hpp>
#include <torc/tls/trust.hpp>

#include <memory>
#include <string>
#include <vector>

namespace torc::tls {

struct ClientOptions {
  /// Whom to reach: the name asked for, and the one the certificate must have. An IP address must be in the certificate
  /// as one. May be empty only with Unverified.
  std::string host = {};
  Trust trust = SystemTrust{};
  /// Protocols offered, in order of preference: "h2", "http/1.1".
  std::vector<std::string> alpn = {};
  /// A certificate of our own, with the chain behind it, PEM; none when empty.
  std::string certificate = {};
  /// Its key; empty: in the same file.
  std::string key = {};
  Version minimum_version = Version::kTls12;
  Duration handshake_timeout = std::chrono::seconds(10);
  /// How long closing waits for a peer that takes nothing, or does not end.
  Duration close_timeout = std::chrono::seconds(10);
  /// A file that the secrets of every connection are appended to, for tools that decrypt captures. Debugging only.
  std::string key_log = {};

  bool operator==(const ClientOptions&) const = default;
};

/// What many connections share: the files, read once, and the sessions to be resumed. A value; its copies are the same
/// context. Connections keep it alive. From any thread.
class ClientContext {
 public:
  /// Throws TlsConfigurationError.
  explicit ClientContext(ClientOptions options);
  /// A layer for a connection to the options' host, or to `host`. Throws TlsConfigurationError.
  std::unique_ptr<Layer> layer() const;
  std::unique_ptr<Layer> layer(std::string host) const;

  class State;

 private:
  std::shared_ptr<const State> state_;
};

/// A layer from a context that this thread made for the same options, `host` aside, up to ten minutes ago, or makes
/// now: a file that changes is seen after that. Throws TlsConfigurationError.
std::unique_ptr<Layer> client(ClientOptions options);

}  // namespace torc::tls
