// Whose word about a peer is believed, and which versions of TLS are spoken: what clients and servers have in common.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace torc::tls {

enum class Version : std::uint8_t { kTls12, kTls13 };

/// The authorities the system trusts.
struct SystemTrust {
  bool operator==(const SystemTrust&) const = default;
};
/// The certificates in a file, PEM.
struct TrustFile {
  std::string path;
  bool operator==(const TrustFile&) const = default;
};
/// Those in the files of a folder that end in .pem, .crt or .cer.
struct TrustFolder {
  std::string path;
  bool operator==(const TrustFolder&) const = default;
};
/// The certificates in a text, PEM.
struct TrustPem {
  std::string text;
  bool operator==(const TrustPem&) const = default;
};
/// Anybody's word: the peer may be anyone, and so may who reads along and alters what is said. For tests and for
/// looking at broken servers. The first use of a program is logged.
struct Unverified {
  bool operator==(const Unverified&) const = default;
};

using Trust = std::variant<SystemTrust, TrustFile, TrustFolder, TrustPem, Unverified>;

}  // namespace torc::tls
