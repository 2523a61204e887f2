#include "net/echo.hpp"
#include "net/on_reactor.hpp"
#include "tls/made_certificates.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/endpoint/listen.hpp>
#include <torc/tls/tls.hpp>

#include <gtest/gtest.h>

namespace torc {
namespace {

const tls::Site& site() {
  static const tls::Site site;
  return site;
}

std::string serving() { return "tls:0:address=127.0.0.1:cert=" + quote_argument(site().pem_file); }
TEST(TlsEndpoint, ServesAndConnectsByAString) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(serving(), echo);
    auto stream = co_await connect("tls:example.org:443:trust=" + quote_argument(site().ca_file) + ":endpoint=" +
                                   quote_argument(here(port)));
    co_await stream.write("through TLS");
    EXPECT_EQ(co_await stream.read_exactly(11), "through TLS");
    EXPECT_EQ(tls::info(stream)->version, tls::Version::kTls13);
  });
}

TEST(TlsEndpoint, RefusesACertificateForAnotherName) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await listen(serving(), echo);
    auto stream = co_await as_outcome(connect("tls:example.com:443:trust=" + quote_argument(site().ca_file) + ":endpoint=" +
                                              quote_argument(here(port))));
    EXPECT_TRUE(stream.error().check<CertificateRefused>()) << stream.error().message();
  });
}

TEST(TlsEndpoint, SaysWhichCertificateCannotBeRead) {
  on_reactor([]() -> Deferred<void> {
    auto port = co_await as_outcome(listen("tls:0:cert=/nowhere/site.pem", echo));
    EXPECT_TRUE(port.error().message().contains("/nowhere/site.pem")) << port.error().message();
  });
}

}  // namespace
}  // namespace torc
