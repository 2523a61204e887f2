#include <torc/tls/info.hpp>

#include "tls/tls_layer.hpp"

#include <torc/base/address.hpp>

#include <openssl/x509v3.h>

#include <ctime>

namespace torc::tls {

namespace {

std::string name_text(const X509_NAME* name) {
  const detail::BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

WallTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_text(const ASN1_STRING* address) {
  const auto* bytes = ASN1_STRING_get0_data(address);
  if (ASN1_STRING_length(address) == 4)
    return IpAddress(IpAddress::V4Bytes{bytes[0], bytes[1], bytes[2], bytes[3]}).str();
  if (ASN1_STRING_length(address) != 16) return {};
  IpAddress::V6Bytes v6;
  std::copy_n(bytes, 16, v6.begin());
  return IpAddress(v6).str();
}

std::vector<std::string> names_of(const X509* certificate) {
  using Names = std::unique_ptr<GENERAL_NAMES, detail::Freed<&GENERAL_NAMES_free>>;
  const Names all(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> names;
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    int type = 0;
    const auto* value =
        static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all.get(), i), &type));
    if (type == GEN_DNS) names.push_back(text_of(value));
    if (type == GEN_IPADD) names.push_back(address_text(value));
  }
  return names;
}

std::string fingerprint(const X509* certificate) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), bytes, &size) != 1) return {};
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += {kDigits[bytes[i] >> 4], kDigits[bytes[i] & 15]};
  return text;
}

PeerCertificate describe(const X509* certificate) {
  return {name_text(X509_get_subject_name(certificate)),
          name_text(X509_get_issuer_name(certificate)),
          names_of(certificate),
          fingerprint(certificate),
          time_of(X509_get0_notBefore(certificate)),
          time_of(X509_get0_notAfter(certificate))};
}

}  // namespace

std::optional<Info> info(const Transport& transport) {
  const auto* layer = layer_of<detail::TlsLayer>(transport);
  if (!layer || layer->engine().handshaking()) return std::nullopt;
  const SSL* ssl = layer->engine().ssl();
  const unsigned char* alpn = nullptr;
  unsigned alpn_size = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const X509* peer = SSL_get0_peer_certificate(ssl);
  return Info{.version = SSL_version(ssl) >= TLS1_3_VERSION ? Version::kTls13 : Version::kTls12,
              .cipher = SSL_get_cipher_name(ssl),
              .alpn = std::string(reinterpret_cast<const char*>(alpn), alpn_size),
              .server_name = name ? name : "",
              .resumed = SSL_session_reused(ssl) == 1,
              .peer = peer ? std::optional(describe(peer)) : std::nullopt};
}

std::optional<Info> info(const Stream& stream) {
  const Transport* transport = stream.transport();
  return transport ? info(*transport) : std::nullopt;
}

}  // namespace torc::tls
