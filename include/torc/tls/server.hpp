// The server's end of TLS: below each connection of a port, or on a stream after STARTTLS.
//
//   auto secure = torc::tls::server({.certificate = "site.pem", .key = "site.key"});
//   auto port = torc::Port::serve(std::move(socket), handler, {.layers = {secure}});
//   ...
//   secure->reload();                                   // new files; connections go on with what they began with
//   co_await stream.upgrade(secure->build());           // STARTTLS
//
// A connection is served when its handshake is done, which has a time limit. What fails before that is logged at most
// once a second.
#pragma once

#include <torc/base/time.hpp>
#include <torc/net/layer.hpp>
#include <torc/tls/trust.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace torc::tls {

enum class ClientCertificates : std::uint8_t { kNone, kOptional, kRequired };

struct ServerOptions {
  /// For clients that ask for no name, or one that `folder` lacks: PEM, the chain behind it in the same file.
  std::string certificate = {};
  /// Its key; empty: in the same file.
  std::string key = {};
  /// One file a name, certificate, chain and key: example.org.pem, and *.example.org.pem for all one level below.
  /// Without `certificate`, clients that ask for another name are refused.
  std::string folder = {};
  /// Protocols spoken, in order of preference. A client that offers others only is refused.
  std::vector<std::string> alpn = {};
  ClientCertificates client_certificates = ClientCertificates::kNone;
  /// Who vouches for clients; needed unless they show no certificates.
  Trust client_trust = TrustFile{};
  Version minimum_version = Version::kTls12;
  Duration handshake_timeout = std::chrono::seconds(10);
  /// How long closing waits for a peer that takes nothing, or does not end.
  Duration close_timeout = std::chrono::seconds(10);
  /// How long a session may be resumed; its keys are replaced twice as often. Zero: no session is resumed.
  Duration session_lifetime = std::chrono::hours(2);
  /// A file that the secrets of every connection are appended to, for tools that decrypt captures. Debugging only.
  std::string key_log = {};

  bool operator==(const ServerOptions&) const = default;
};

/// Makes the layer of each connection. From any thread.
class Server final : public LayerFactory {
 public:
  /// Throws TlsConfigurationError.
  explicit Server(ServerOptions options);
  ~Server() override;

  std::unique_ptr<Layer> build() override;

  /// Reads the files again, for the connections to come. Those that are there keep what they began with; sessions go on
  /// being resumed unless what is asked of clients has changed. Throws TlsConfigurationError, and nothing has changed.
  void reload();
  void reload(ServerOptions options);

  class State;

 private:
  std::shared_ptr<const State> state() const;

  mutable std::mutex mutex_;
  ServerOptions options_;
  std::shared_ptr<const State> state_;
};

/// Throws TlsConfigurationError.
std::shared_ptr<Server> server(ServerOptions options);

}  // namespace torc::tls
