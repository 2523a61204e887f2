// Certificates for tests, made on the spot in a folder that goes with them: good ones, and bad ones of every kind.
#pragma once

#include "tls/openssl.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <unistd.h>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace torc::tls {

using detail::CertificatePtr;
using detail::KeyPtr;

constexpr long kDay = 24 * 60 * 60;

struct CertificateOptions {
  std::string common_name = "torc test";
  std::vector<std::string> dns = {};        // may hold a NUL
  std::vector<std::string> ip = {};
  long from = -kDay;                        // seconds from now
  long until = 30 * kDay;
  std::string usage = "serverAuth,clientAuth";  // empty: none said
  std::string key_usage = {};
  std::string constraints = "critical,CA:FALSE";
  std::string name_constraints = {};
  std::string critical_extension = {};      // an OID nobody knows
  bool own_key_size_small = false;          // RSA 1024
  const EVP_MD* digest = EVP_sha256();
};

struct Made {
  CertificatePtr certificate;
  KeyPtr key;
};

inline void must(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string(what) + ": " + detail::take_error());
}

inline void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  must(extension, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

inline void add_names(X509* certificate, const CertificateOptions& options) {
  if (options.dns.empty() && options.ip.empty()) return;
  GENERAL_NAMES* names = GENERAL_NAMES_new();
  const auto add = [&](int type, const std::string& bytes) {
    GENERAL_NAME* name = GENERAL_NAME_new();
    ASN1_STRING* text = type == GEN_DNS ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();
    ASN1_STRING_set(text, bytes.data(), static_cast<int>(bytes.size()));
    GENERAL_NAME_set0_value(name, type, text);
    sk_GENERAL_NAME_push(names, name);
  };
  for (const auto& each : options.dns) add(GEN_DNS, each);
  for (const auto& each : options.ip) {
    ASN1_OCTET_STRING* address = a2i_IPADDRESS(each.c_str());
    add(GEN_IPADD, {reinterpret_cast<const char*>(ASN1_STRING_get0_data(address)),
                    static_cast<std::size_t>(ASN1_STRING_length(address))});
    ASN1_OCTET_STRING_free(address);
  }
  must(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1, "names");
  GENERAL_NAMES_free(names);
}

inline void add_unknown(X509* certificate, const std::string& oid) {
  ASN1_OBJECT* id = OBJ_txt2obj(oid.c_str(), 1);
  ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(value, reinterpret_cast<const unsigned char*>("\x05\x00"), 2);
  X509_EXTENSION* extension = X509_EXTENSION_create_by_OBJ(nullptr, id, 1, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  ASN1_OCTET_STRING_free(value);
  ASN1_OBJECT_free(id);
}

/// Signed by `issuer`, or by itself.
inline Made make_certificate(const CertificateOptions& options, const Made* issuer = nullptr) {
  static std::atomic<long> serial = 1000;
  Made made{
      CertificatePtr(X509_new()),
      KeyPtr(options.own_key_size_small ? EVP_RSA_gen(1024) : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"))};
  X509* x = made.certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x), options.from);
  X509_gmtime_adj(X509_getm_notAfter(x), options.until);
  X509_set_pubkey(x, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(options.common_name.data()),
                             static_cast<int>(options.common_name.size()), -1, 0);
  X509* signer = issuer ? issuer->certificate.get() : x;
  X509_set_issuer_name(x, X509_get_subject_name(signer));
  add_extension(x, signer, NID_subject_key_identifier, "hash");
  if (!options.constraints.empty()) add_extension(x, signer, NID_basic_constraints, options.constraints);
  if (!options.usage.empty()) add_extension(x, signer, NID_ext_key_usage, options.usage);
  if (!options.key_usage.empty()) add_extension(x, signer, NID_key_usage, options.key_usage);
  if (!options.name_constraints.empty()) add_extension(x, signer, NID_name_constraints, options.name_constraints);
  if (!options.critical_extension.empty()) add_unknown(x, options.critical_extension);
  add_names(x, options);
  must(X509_sign(x, issuer ? issuer->key.get() : made.key.get(), options.digest) > 0, "signing");
  return made;
}

inline Made make_authority(const std::string& name, const Made* issuer = nullptr, CertificateOptions options = {}) {
  options.common_name = name;
  options.usage = {};
  if (options.constraints == CertificateOptions{}.constraints) options.constraints = "critical,CA:TRUE";
  if (options.key_usage.empty()) options.key_usage = "critical,keyCertSign,cRLSign";
  return make_certificate(options, issuer);
}

inline std::string pem(const X509* certificate) {
  const detail::BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

inline std::string pem(const EVP_PKEY* key) {
  const detail::BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

/// A folder of its own for each, removed at the end.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "torc_tls_XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(std::string_view name = {}) const { return name.empty() ? path_.string() : (path_ / name).string(); }
  /// Writes a file and gives its path.
  std::string put(std::string_view name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path(name);
  }
  /// Certificate, chain and key in one file.
  std::string put(std::string_view name, const Made& made, const std::vector<const Made*>& chain = {}) const {
    std::string text = pem(made.certificate.get());
    for (const auto* each : chain) text += pem(each->certificate.get());
    return put(name, text + pem(made.key.get()));
  }

 private:
  std::filesystem::path path_;
};

/// What most tests need: an authority, and a certificate of it for example.org and this machine.
struct Site {
  Folder folder;
  Made authority = make_authority("torc test authority");
  Made certificate = make_certificate(
      {.common_name = "example.org", .dns = {"example.org", "localhost"}, .ip = {"127.0.0.1"}}, &authority);
  std::string pem_file = folder.put("site.pem", certificate);
  std::string ca_file = folder.put("ca.pem", pem(authority.certificate.get()));

  /// One for a client, or another name.
  std::string issue(std::string_view file, const CertificateOptions& options) const {
    return folder.put(file, make_certificate(options, &authority));
  }
};

}  // namespace torc::tls
