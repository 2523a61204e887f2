// What a secured connection is like: who the peer is, and what was agreed upon.
#pragma once

#include <torc/base/time.hpp>
#include <torc/net/stream.hpp>
#include <torc/net/transport.hpp>
#include <torc/tls/trust.hpp>

#include <optional>
#include <string>
#include <vector>

namespace torc::tls {

/// A peer's certificate. Its texts come from the peer; they mean something where it was verified.
struct PeerCertificate {
  /// RFC 2253: "CN=example.org,O=Example".
  std::string subject;
  std::string issuer;
  /// DNS names and IP addresses it is for.
  std::vector<std::string> names;
  /// SHA-256 of the certificate, 64 hexadecimal digits.
  std::string fingerprint;
  WallTime not_before;
  WallTime not_after;
};

struct Info {
  Version version;
  std::string cipher;
  /// The protocol agreed upon; empty: none.
  std::string alpn;
  /// The name that the client asked for; empty: none.
  std::string server_name;
  /// Continues an earlier session: no certificate was shown, the peer is that session's.
  bool resumed;
  /// None: the peer showed no certificate.
  std::optional<PeerCertificate> peer;
};

/// Of the TLS nearest to the protocol; none where there is none, or its handshake is not done.
std::optional<Info> info(const Transport& transport);
std::optional<Info> info(const Stream& stream);

}  // namespace torc::tls
