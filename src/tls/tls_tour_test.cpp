// What docs/howto/tls.md shows, as a program.
#include "net/on_reactor.hpp"
#include "tls/made_certificates.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/net/connect.hpp>
#include <torc/tls/tls.hpp>

#include <gtest/gtest.h>

namespace torc {
namespace {

Deferred<std::string> ask(SocketAddress where, tls::Trust trust) {
  auto stream = co_await connect_tcp(where);
  co_await stream.upgrade(tls::client({.host = "example.org", .trust = std::move(trust)}));
  co_await stream.write("how are you?\n");
  auto answer = co_await stream.read_line();
  co_return answer.value_or("nothing");
}

Deferred<void> answer(Stream stream) {
  const auto told = tls::info(stream);
  const std::string who = told->peer ? told->peer->subject : "somebody";
  co_await stream.read_line();
  co_await stream.write("well, " + who + "\n");
}

Deferred<void> tour() {
  const tls::Site site;
  const tls::Folder& folder = site.folder;
  auto socket = ListeningSocket::tcp(SocketAddress(IpAddress::loopback_v4(), 0));
  auto secure = tls::server({.certificate = folder.path("site.pem")});
  auto port = Port::serve(std::move(socket), answer, {.layers = {secure}});
  EXPECT_EQ(co_await ask(port.address(), tls::TrustFile{site.ca_file}), "well, somebody");
  secure->reload();
  EXPECT_EQ(co_await ask(port.address(), tls::TrustFile{site.ca_file}), "well, somebody");
  auto refused = co_await as_outcome(ask(port.address(), tls::SystemTrust{}));
  EXPECT_TRUE(refused.error().check<CertificateRefused>()) << refused.error().message();
}

TEST(TlsTour, AsInTheDocuments) { on_reactor(tour); }

}  // namespace
}  // namespace torc
