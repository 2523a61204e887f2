// Certificates that no client may take, each with why; for the tests of every client that speaks TLS.
//
//   for (const BadCertificate& bad : bad_certificates()) {
//     auto port = Port::serve(anywhere(), echo, {.layers = {careless_server(bad)}});
//     ... a client that wants bad.host and trusts trusted_authority() must fail with CertificateRefused
//   }
#pragma once

#include "tls/context.hpp"
#include "tls/made_certificates.hpp"
#include "tls/tls_layer.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace torc::tls {

struct BadCertificate {
  std::string name;
  std::string why;  // what OpenSSL says
  std::shared_ptr<Made> certificate;
  std::vector<std::shared_ptr<Made>> chain = {};
  std::string host = "example.org";
};

/// The one authority the client is to trust.
inline const Made& trusted_authority() {
  static const Made authority = make_authority("torc test authority");
  return authority;
}

inline std::vector<BadCertificate> bad_certificates() {
  using Options = CertificateOptions;
  const Made& root = trusted_authority();
  const auto leaf = [](Options options, const Made* by) {
    return std::make_shared<Made>(make_certificate(options, by));
  };
  const auto of_root = [&](Options options) { return leaf(std::move(options), &root); };
  const auto authority = [](const Made* by, Options options = {}, std::string name = "torc intermediate") {
    return std::make_shared<Made>(make_authority(name, by, std::move(options)));
  };
  const std::string host = "example.org", mismatch = "hostname mismatch";
  const Options good{.dns = {host}};
  const auto with = [&](auto change) {
    Options options = good;
    change(options);
    return of_root(options);
  };
  const auto named = [&](std::string dns) { return of_root({.dns = {std::move(dns)}}); };

  std::vector<BadCertificate> bad = {
      {"expired", "certificate has expired", with([](Options& o) { o.until = -60; })},
      {"not valid yet", "certificate is not yet valid", with([](Options& o) { o.from = kDay; })},
      {"for another host", mismatch, named("example.com")},
      {"for a host below", mismatch, named("www.example.org")},
      {"for a host above", mismatch, named(host), {}, "www.example.org"},
      {"the name as CN only", mismatch, of_root({.common_name = host})},
      {"the name as CN, another as SAN", mismatch, of_root({.common_name = host, .dns = {"example.com"}})},
      {"a wildcard two levels deep", mismatch, named("*.example.org"), {}, "a.b.example.org"},
      {"a wildcard for the domain itself", mismatch, named("*.example.org")},
      {"a wildcard for a top-level domain", mismatch, named("*.org")},
      {"a wildcard for all", mismatch, named("*")},
      {"a wildcard inside a label", mismatch, named("ex*.org")},
      {"a wildcard in a prefix of a label", mismatch, named("w*.example.org"), {}, "www.example.org"},
      {"a wildcard in the middle", mismatch, named("www.*.org"), {}, "www.example.org"},
      {"a name with a leading dot", mismatch, named(".example.org"), {}, "www.example.org"},
      {"a NUL in the name", mismatch, named(std::string("example.org\0.evil.org", 21))},
      {"a NUL in the CN", mismatch, of_root({.common_name = std::string("example.org\0.evil.org", 21)})},
      {"an address as a DNS name", "IP address mismatch", named("127.0.0.1"), {}, "127.0.0.1"},
      {"an address as CN only", "IP address mismatch", of_root({.common_name = "127.0.0.1"}), {}, "127.0.0.1"},
      {"for another address", "IP address mismatch", of_root({.dns = {host}, .ip = {"127.0.0.2"}}), {}, "127.0.0.1"},
      {"an address where a name is wanted", mismatch, of_root({.ip = {"127.0.0.1"}})},
      {"signed by itself", "self-signed certificate", leaf(good, nullptr)},
      {"for clients only", "unsuitable certificate purpose", with([](Options& o) { o.usage = "clientAuth"; })},
      {"for mail only", "unsuitable certificate purpose", with([](Options& o) { o.usage = "emailProtection"; })},
      {"a key for signing lists only", "unsuitable certificate purpose",
       with([](Options& o) { o.key_usage = "critical,cRLSign"; })},
      {"a critical extension nobody knows", "unhandled critical extension",
       with([](Options& o) { o.critical_extension = "1.3.6.1.4.1.55555.1"; })},
      {"a signature by SHA-1", "CA signature digest algorithm too weak",
       with([](Options& o) { o.digest = EVP_sha1(); })},
      {"a key of RSA 1024", "EE certificate key too weak", with([](Options& o) { o.own_key_size_small = true; })},
  };
  const auto signed_by = [&](std::string name, std::string why, std::shared_ptr<Made> by, bool shown = true) {
    bad.push_back({std::move(name), std::move(why), leaf(good, by.get()),
                   shown ? std::vector{by} : std::vector<std::shared_ptr<Made>>()});
  };
  signed_by("by a root nobody trusts", "self-signed certificate in certificate chain",
            authority(nullptr, {}, "evil root"));
  signed_by("by one who took the root's name", "certificate signature failure",
            authority(nullptr, {}, "torc test authority"), false);
  signed_by("without the intermediate", "unable to get local issuer certificate", authority(&root), false);
  signed_by("by one who is no authority", "invalid CA certificate",
            of_root({.common_name = "leaf", .dns = {"leaf.org"}}));
  signed_by("by an authority that expired", "certificate has expired", authority(&root, {.until = -60}));
  signed_by("by an authority without the right to sign", "invalid CA certificate",
            authority(&root, {.key_usage = "critical,cRLSign"}));
  signed_by("by an authority for other names", "permitted subtree violation",
            authority(&root, {.name_constraints = "critical,permitted;DNS:other.org"}));
  const auto first = authority(&root, {.constraints = "critical,CA:TRUE,pathlen:0"}, "first");
  const auto second = authority(first.get(), {}, "second");
  bad.push_back({"by a chain longer than its root allows",
                 "path length constraint exceeded",
                 leaf(good, second.get()),
                 {second, first}});
  return bad;
}

/// Shows whatever certificate it is given.
class CarelessContext final : public detail::Context {
 public:
  explicit CarelessContext(const BadCertificate& bad)
      : Context(true, {Version::kTls12, std::chrono::seconds(10), std::chrono::seconds(10), {}}) {
    SSL_CTX_set_security_level(ssl(), 0);
    must(SSL_CTX_use_certificate(ssl(), bad.certificate->certificate.get()) == 1, "certificate");
    must(SSL_CTX_use_PrivateKey(ssl(), bad.certificate->key.get()) == 1, "key");
    for (const auto& each : bad.chain) SSL_CTX_add1_chain_cert(ssl(), each->certificate.get());
  }
  void prepare(SSL* ssl, const std::string&) const override { SSL_set_accept_state(ssl); }
};

inline std::shared_ptr<LayerFactory> careless_server(const BadCertificate& bad) {
  struct Factory final : LayerFactory {
    explicit Factory(const BadCertificate& bad) : context(std::make_shared<const CarelessContext>(bad)) {}
    std::unique_ptr<Layer> build() override { return std::make_unique<detail::TlsLayer>(context, std::string()); }
    std::shared_ptr<const CarelessContext> context;
  };
  return std::make_shared<Factory>(bad);
}

}  // namespace torc::tls
