#include "tls/bad_certificates.hpp"

#include "net/on_reactor.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/net/connect.hpp>
#include <torc/tls/tls.hpp>

#include <gtest/gtest.h>

namespace torc::tls {
namespace {

Deferred<void> nothing(Stream s) { co_await s.read_some(); }

Deferred<Outcome<void>> upgrade(const BadCertificate& bad, ClientOptions options) {
  auto port = Port::serve(anywhere(), nothing, {.layers = {careless_server(bad)}});
  auto stream = co_await connect_tcp(port.address());
  co_return co_await as_outcome(stream.upgrade(client(std::move(options))));
}

ClientOptions trusting(const std::string& host) {
  return {.host = host, .trust = TrustPem{pem(trusted_authority().certificate.get())}};
}

TEST(TlsCertificates, BadOnesAreRefusedAndNamed) {
  on_reactor([]() -> Deferred<void> {
    const auto all = bad_certificates();
    EXPECT_GE(all.size(), 25u);
    for (const BadCertificate& bad : all) {
      auto outcome = co_await upgrade(bad, trusting(bad.host));
      if (outcome) {
        ADD_FAILURE() << "taken: " << bad.name;
        continue;
      }
      EXPECT_TRUE(outcome.error().check<CertificateRefused>()) << bad.name << ": " << outcome.error().message();
      EXPECT_EQ(outcome.error().message(), "the certificate of " + bad.host + " was refused: " + bad.why) << bad.name;
    }
  });
}

TEST(TlsCertificates, GoodOnesAreTaken) {
  on_reactor([]() -> Deferred<void> {
    const Made& root = trusted_authority();
    const auto between = std::make_shared<Made>(make_authority("between", &root));
    const auto good = [&](std::string host, CertificateOptions options, bool by_root = true) {
      const auto leaf = std::make_shared<Made>(make_certificate(options, by_root ? &root : between.get()));
      return BadCertificate{"good", "", leaf, by_root ? std::vector<std::shared_ptr<Made>>() : std::vector{between},
                            host};
    };
    const std::vector<BadCertificate> all = {
        good("example.org", {.dns = {"example.org"}}),
        good("EXAMPLE.org.", {.dns = {"example.org"}}),
        good("www.example.org", {.dns = {"*.example.org"}}),
        good("example.org", {.dns = {"example.org"}}, false),
        good("127.0.0.1", {.ip = {"127.0.0.1"}}),
        good("::1", {.ip = {"::1"}}),
        good("example.org", {.dns = {"example.org"}, .usage = ""}),
    };
    for (const auto& each : all) {
      auto outcome = co_await upgrade(each, trusting(each.host));
      EXPECT_TRUE(outcome) << each.host << ": " << (outcome ? "" : outcome.error().message());
    }
  });
}

TEST(TlsCertificates, NotVerifyingTakesAType) {
  on_reactor([]() -> Deferred<void> {
    for (const auto& bad : bad_certificates()) {
      if (bad.name != "signed by itself" && bad.name != "expired") continue;
      auto named = co_await upgrade(bad, {.host = bad.host, .trust = Unverified{}});
      EXPECT_TRUE(named) << named.error().message();
      auto unnamed = co_await upgrade(bad, {.trust = Unverified{}});
      EXPECT_TRUE(unnamed) << unnamed.error().message();
    }
  });
}

TEST(TlsCertificates, TheSystemDoesNotTrustOurs) {
  on_reactor([]() -> Deferred<void> {
    const auto leaf = std::make_shared<Made>(make_certificate({.dns = {"example.org"}}, &trusted_authority()));
    auto outcome = co_await upgrade({"", "", leaf}, {.host = "example.org"});
    EXPECT_TRUE(outcome.error().check<CertificateRefused>()) << outcome.error().message();
  });
}

}  // namespace
}  // namespace torc::tls
