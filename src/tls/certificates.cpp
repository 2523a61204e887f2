#include "tls/certificates.hpp"

#include <torc/tls/errors.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace torc::tls::detail {

namespace {

// A key that asks for a pass phrase is refused: there is nobody to type one.
int no_pass_phrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

BioPtr open(const std::string& path) {
  ERR_clear_error();
  BioPtr file(BIO_new_file(path.c_str(), "r"));
  if (!file) throw TlsConfigurationError("cannot read " + path + ": " + take_error());
  return file;
}

KeyPtr read_key(const std::string& path) {
  const auto file = open(path);
  bool asked = false;
  KeyPtr key(PEM_read_bio_PrivateKey(file.get(), nullptr, no_pass_phrase, &asked));
  ERR_clear_error();
  if (key) return key;
  throw TlsConfigurationError(asked ? "the key in " + path + " wants a pass phrase: store it without one"
                                    : "there is no private key in " + path + " (PEM, \"BEGIN PRIVATE KEY\")");
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return result;
}

}  // namespace

Certificate::Certificate(const std::string& path, const std::string& key_path) {
  const auto file = open(path);
  certificate_.reset(PEM_read_bio_X509_AUX(file.get(), nullptr, nullptr, nullptr));
  if (!certificate_) {
    ERR_clear_error();
    throw TlsConfigurationError("there is no certificate in " + path + " (PEM, \"BEGIN CERTIFICATE\")");
  }
  while (CertificatePtr next{PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr)})
    chain_.push_back(std::move(next));
  ERR_clear_error();
  const std::string& key_file = key_path.empty() ? path : key_path;
  key_ = read_key(key_file);
  if (X509_check_private_key(certificate_.get(), key_.get()) != 1) {
    ERR_clear_error();
    throw TlsConfigurationError("the key in " + key_file + " is not that of the certificate in " + path);
  }
}

void Certificate::use(SSL_CTX* context) const {
  ERR_clear_error();
  bool good =
      SSL_CTX_use_certificate(context, certificate_.get()) == 1 && SSL_CTX_use_PrivateKey(context, key_.get()) == 1;
  for (const auto& each : chain_) good = good && SSL_CTX_add1_chain_cert(context, each.get()) == 1;
  if (!good) throw TlsConfigurationError("a certificate cannot be used: " + take_error());
}

bool Certificate::use(SSL* ssl) const noexcept {
  bool good = SSL_use_certificate(ssl, certificate_.get()) == 1 && SSL_use_PrivateKey(ssl, key_.get()) == 1;
  SSL_clear_chain_certs(ssl);
  for (const auto& each : chain_) good = good && SSL_add1_chain_cert(ssl, each.get()) == 1;
  return good;
}

NamedCertificates::NamedCertificates(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto& path = entry.path();
    if (path.extension() == ".pem") by_name_.try_emplace(lower(path.stem().string()), path.string(), std::string());
  }
  if (error) throw TlsConfigurationError("cannot read the folder " + folder + ": " + error.message());
  if (by_name_.empty())
    throw TlsConfigurationError("there is no certificate in " + folder + ": one is a file NAME.pem");
}

const Certificate* NamedCertificates::find(std::string_view name) const {
  const auto exact = lower(name);
  if (const auto found = by_name_.find(exact); found != by_name_.end()) return &found->second;
  const auto dot = exact.find('.');
  if (dot == std::string::npos || dot == 0) return nullptr;
  const auto found = by_name_.find("*" + exact.substr(dot));
  return found == by_name_.end() ? nullptr : &found->second;
}

}  // namespace torc::tls::detail
