#include "tls/context.hpp"

#include <torc/base/log.hpp>
#include <torc/tls/errors.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <system_error>

namespace torc::tls::detail {

namespace {

constexpr const char* kSuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kSuites12 = "ECDHE+AESGCM:ECDHE+CHACHA20";

// How many certificates of `bio` went into `store`.
int add_certificates(X509_STORE* store, BIO* bio) {
  int added = 0;
  while (const CertificatePtr each{PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)}) {
    added += X509_STORE_add_cert(store, each.get());
  }
  ERR_clear_error();
  return added;
}

int add_file(X509_STORE* store, const std::string& path) {
  const BioPtr file(BIO_new_file(path.c_str(), "r"));
  if (!file) throw TlsConfigurationError("cannot read the trusted certificates in " + path + ": " + take_error());
  return add_certificates(store, file.get());
}

// One of these for each kind of Trust: fills the store.
struct Filled {
  SSL_CTX* context;
  X509_STORE* store = SSL_CTX_get_cert_store(context);

  void operator()(const SystemTrust&) const {
    if (SSL_CTX_set_default_verify_paths(context) != 1) {
      throw TlsConfigurationError("the authorities of the system cannot be used: " + take_error());
    }
  }
  void operator()(const TrustFile& file) const {
    if (add_file(store, file.path) == 0) throw TlsConfigurationError("there is no trusted certificate in " + file.path);
  }
  void operator()(const TrustFolder& folder) const {
    int added = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path, error)) {
      const auto extension = entry.path().extension();
      if (extension == ".pem" || extension == ".crt" || extension == ".cer")
        added += add_file(store, entry.path().string());
    }
    if (error) throw TlsConfigurationError("cannot read the folder " + folder.path + ": " + error.message());
    if (added == 0) throw TlsConfigurationError("there is no trusted certificate in " + folder.path);
  }
  void operator()(const TrustPem& pem) const {
    const BioPtr bio(BIO_new_mem_buf(pem.text.data(), static_cast<int>(pem.text.size())));
    if (!bio || add_certificates(store, bio.get()) == 0) {
      throw TlsConfigurationError("there is no certificate in the text that is to be trusted");
    }
  }
  void operator()(const Unverified&) const {
    static std::atomic<bool> said = false;
    if (!said.exchange(true)) log::warning("tls", "peers are not verified (tls::Unverified): anyone may stand between");
  }
};

}  // namespace

Context::Context(bool server, const Common& common)
    : key_log_(common.key_log),
      ssl_(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method())),
      handshake_timeout_(common.handshake_timeout),
      close_timeout_(common.close_timeout),
      server_(server) {
  if (!ssl_) throw TlsConfigurationError("OpenSSL gives no context: " + take_error());
  SSL_CTX* context = ssl();
  SSL_CTX_set_app_data(context, this);
  SSL_CTX_set_min_proto_version(context, common.minimum_version == Version::kTls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA);
  // With forward secrecy and authenticated (RFC 9325 4.2). AES-128 first: its SHA-256 makes a handshake cheaper than
  // the SHA-384 of AES-256, whose key length nothing needs.
  if (SSL_CTX_set_ciphersuites(context, kSuites) != 1 || SSL_CTX_set_cipher_list(context, kSuites12) != 1) {
    throw TlsConfigurationError("OpenSSL knows none of the ciphers: " + take_error());
  }
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // an idle connection holds none
  SSL_CTX_set_read_ahead(context, 0);
  if (key_log_) {
    SSL_CTX_set_keylog_callback(context, [](const SSL* ssl, const char* line) {
      static_cast<const Context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->key_log_.write(line);
    });
  }
}

void Context::trust(const Trust& trust, int verify) {
  std::visit(Filled{ssl()}, trust);
  SSL_CTX_set_verify(ssl(), std::holds_alternative<Unverified>(trust) ? SSL_VERIFY_NONE : verify, nullptr);
}

std::vector<unsigned char> alpn_list(const std::vector<std::string>& names) {
  std::vector<unsigned char> wire;
  for (const auto& name : names) {
    if (name.empty() || name.size() > 255)
      throw TlsConfigurationError("the ALPN name \"" + name + "\" is not of 1 to 255 bytes");
    wire.push_back(static_cast<unsigned char>(name.size()));
    wire.insert(wire.end(), name.begin(), name.end());
  }
  return wire;
}

}  // namespace torc::tls::detail
