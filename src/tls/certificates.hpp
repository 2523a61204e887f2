// Certificates of our own, read from files: one with its chain and key, and a folder of them chosen by name.
//
// Immutable once read; shared by the connections of a context, on any thread.
#pragma once

#include "tls/openssl.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace torc::tls::detail {

class Certificate {
 public:
  /// Reads PEM: the certificate first, then its chain; the key from `key_path`, or from the same file when that is
  /// empty. Throws TlsConfigurationError, naming the file.
  Certificate(const std::string& path, const std::string& key_path);

  void use(SSL_CTX* context) const;
  /// False when it does not fit the connection; the error is left to OpenSSL.
  bool use(SSL* ssl) const noexcept;

 private:
  CertificatePtr certificate_;
  std::vector<CertificatePtr> chain_;
  KeyPtr key_;
};

class NamedCertificates {
 public:
  /// Reads every *.pem of `folder`; the name is the file's. Throws TlsConfigurationError when one is no good, or
  /// none is there.
  explicit NamedCertificates(const std::string& folder);

  /// The certificate for `name`, which may be in capitals: its own, or the wildcard's one level above; or null.
  const Certificate* find(std::string_view name) const;

 private:
  std::map<std::string, Certificate, std::less<>> by_name_;
};

}  // namespace torc::tls::detail
