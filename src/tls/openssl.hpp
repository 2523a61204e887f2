// OpenSSL's objects with owners, and its errors in words. Private to the module: nothing of OpenSSL reaches include/.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace torc::tls::detail {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* object) const noexcept {
    free(object);
  }
};

using SslCtxPtr = std::unique_ptr<SSL_CTX, Freed<&SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freed<&SSL_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, Freed<&SSL_SESSION_free>>;
using CertificatePtr = std::unique_ptr<X509, Freed<&X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<&EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Freed<&BIO_free>>;

/// The newest error of this thread in OpenSSL's words, and none is left behind.
std::string take_error();

}  // namespace torc::tls::detail
