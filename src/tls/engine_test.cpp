#include "tls/engine.hpp"

#include "tls/client_state.hpp"
#include "tls/made_certificates.hpp"
#include "tls/server_state.hpp"

#include <torc/tls/errors.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace torc::tls {
namespace {

using detail::Engine;
using detail::Scratch;

// One end, and what it has said and wants said.
struct End {
  End(std::shared_ptr<const detail::Context> context, const std::string& host = {})
      : engine(std::move(context), host) {}

  void take(std::string_view bytes) {
    Scratch plain, out;
    engine.receive(bytes, plain, out);
    heard += plain.view();
    outbox += out.view();
  }
  void say(std::string_view text) {
    Scratch out;
    engine.encrypt(text, out);
    outbox += out.view();
  }
  void finish() {
    Scratch out;
    engine.finish(out);
    outbox += out.view();
  }
  std::string error() const { return engine.failed() ? engine.failed().failure.message() : ""; }

  Engine engine;
  std::string heard;
  std::string outbox;
};

// Carries bytes to and fro until neither has any, `step` at a time.
void carry(End& a, End& b, std::size_t step = std::string::npos) {
  a.take({});
  b.take({});
  while (!a.outbox.empty() || !b.outbox.empty()) {
    for (auto [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
      const std::string bytes = std::exchange(from->outbox, {});
      for (std::size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at))
        to->take(std::string_view(bytes).substr(at, step));
    }
  }
}

class TlsEngine : public testing::Test {
 protected:
  ClientOptions to_site() const { return {.host = "example.org", .trust = TrustFile{site().ca_file}}; }
  ServerOptions as_site() const { return {.certificate = site().pem_file}; }
  static std::shared_ptr<const ClientContext::State> client(ClientOptions options) {
    return std::make_shared<const ClientContext::State>(std::move(options));
  }
  static std::shared_ptr<const Server::State> server(const ServerOptions& options,
                                                     const Server::State* before = nullptr) {
    return std::make_shared<const Server::State>(options, before);
  }
  static const Site& site() {
    static const Site site;
    return site;
  }
};

TEST_F(TlsEngine, TwoEndsTalkAndEnd) {
  End a(client(to_site()), "example.org"), b(server(as_site()));
  carry(a, b);
  ASSERT_FALSE(a.engine.handshaking()) << a.error();
  ASSERT_FALSE(b.engine.handshaking()) << b.error();
  a.say("question");
  carry(a, b);
  EXPECT_EQ(b.heard, "question");
  const std::string large(100'000, 'x');
  b.say(large);
  carry(a, b);
  EXPECT_EQ(a.heard, large);
  a.finish();
  carry(a, b);
  EXPECT_TRUE(b.engine.peer_ended());
  EXPECT_FALSE(a.engine.peer_ended());
  b.say("and one more");
  b.finish();
  carry(a, b);
  EXPECT_EQ(a.heard, large + "and one more");
  EXPECT_TRUE(a.engine.peer_ended());
  EXPECT_FALSE(a.engine.failed() || b.engine.failed());
}

TEST_F(TlsEngine, TakesBytesInAnyPieces) {
  for (const auto version : {Version::kTls12, Version::kTls13}) {
    for (const std::size_t step : {1u, 2u, 3u, 5u, 7u, 16u, 100u, 1000u}) {
      auto options = as_site();
      options.minimum_version = version;
      End a(client(to_site()), "example.org"), b(server(options));
      carry(a, b, step);
      a.say("question");
      b.say(std::string(20'000, 'y'));
      carry(a, b, step);
      a.finish();
      b.finish();
      carry(a, b, step);
      EXPECT_EQ(b.heard, "question") << a.error() << b.error();
      EXPECT_EQ(a.heard.size(), 20'000u);
      EXPECT_TRUE(a.engine.peer_ended() && b.engine.peer_ended()) << step;
    }
  }
}

// Everything one end said, cut in two at every byte.
TEST_F(TlsEngine, TakesRecordsCutAnywhere) {
  End a(client(to_site()), "example.org"), b(server(as_site()));
  carry(a, b);
  for (std::size_t cut = 0; cut < 56; ++cut) {
    a.say("first");
    a.say("second");
    const std::string bytes = std::exchange(a.outbox, {});
    ASSERT_LE(cut, bytes.size());
    b.take(std::string_view(bytes).substr(0, cut));
    b.take(std::string_view(bytes).substr(cut));
    EXPECT_EQ(std::exchange(b.heard, {}), "firstsecond") << cut;
  }
}

TEST_F(TlsEngine, AForgedRecordEndsIt) {
  End a(client(to_site()), "example.org"), b(server(as_site()));
  carry(a, b);
  a.say("trust me");
  a.outbox.back() = static_cast<char>(a.outbox.back() ^ 1);
  carry(a, b);
  EXPECT_EQ(b.heard, "");
  EXPECT_TRUE(b.engine.failed().failure.check<TlsError>());
  EXPECT_EQ(b.error(), "the TLS connection to the client broke: decryption failed or bad record mac");
  EXPECT_EQ(a.error(), "the TLS connection to example.org broke: its alert is \"bad record mac\"");
}

TEST_F(TlsEngine, PlainHttpIsNotAHandshake) {
  End b(server(as_site()));
  b.take("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
  EXPECT_EQ(b.error(), "no TLS with the client: http request");
  EXPECT_TRUE(b.engine.failed().failure.check<TlsHandshakeFailed>());
}

TEST_F(TlsEngine, AHugeClientHelloIsRefusedByItsHead) {
  const std::string head("\x16\x03\x01\x40\x00\x01\xff\xff\xff", 9);
  for (const std::size_t step : {1u, 4u, 9u}) {
    End b(server(as_site()));
    for (std::size_t at = 0; at < head.size(); at += step) b.take(std::string_view(head).substr(at, step));
    EXPECT_EQ(b.error(), "no TLS with the client: a ClientHello of 16777215 bytes in a record of 16384");
    b.take(std::string(1000, 'x'));
    EXPECT_TRUE(b.outbox.empty() && b.heard.empty());
  }
  End c(server(as_site()));
  c.take(std::string("\x16\x03\x01\x00\x01\x01\x16\x03\x01", 9));  // the length of the message in later records
  EXPECT_EQ(c.error(), "no TLS with the client: a ClientHello of 1442561 bytes in a record of 1");
}

TEST_F(TlsEngine, SpeaksTheVersionsItIsToldTo) {
  auto old_client = to_site();
  End a(client(old_client), "example.org");
  SSL_set_max_proto_version(a.engine.ssl(), TLS1_2_VERSION);
  End b(server(as_site()));
  carry(a, b);
  EXPECT_STREQ(SSL_get_version(a.engine.ssl()), "TLSv1.2");
  auto modern = as_site();
  modern.minimum_version = Version::kTls13;
  End c(client(old_client), "example.org"), d(server(modern));
  SSL_set_max_proto_version(c.engine.ssl(), TLS1_2_VERSION);
  carry(c, d);
  EXPECT_EQ(c.error(), "no TLS with example.org: its alert is \"protocol version\"");
}

TEST_F(TlsEngine, AgreesOnAProtocolOrRefuses) {
  auto offers = to_site();
  auto speaks = as_site();
  speaks.alpn = {"h2", "http/1.1"};
  offers.alpn = {"http/1.1", "h2"};
  End a(client(offers), "example.org"), b(server(speaks));
  carry(a, b);
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(a.engine.ssl(), &chosen, &size);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(chosen), size), "h2");
  offers.alpn = {"spdy/1"};
  End c(client(offers), "example.org"), d(server(speaks));
  carry(c, d);
  EXPECT_EQ(c.error(), "no TLS with example.org: its alert is \"no application protocol\"");
}

TEST_F(TlsEngine, ResumesAcrossReloadAndRotation) {
  const auto context = client(to_site());
  auto serving = server(as_site());
  const auto resumed = [&] {
    End a(context, "example.org"), b(serving);
    carry(a, b);
    EXPECT_FALSE(a.engine.handshaking()) << a.error() << b.error();
    return SSL_session_reused(a.engine.ssl()) == 1;
  };
  EXPECT_FALSE(resumed());
  EXPECT_TRUE(resumed());
  serving = server(as_site(), serving.get());
  EXPECT_TRUE(resumed());
  EXPECT_EQ(serving->tickets().size(), 2u);
  serving->tickets().rotate();
  EXPECT_TRUE(resumed());
  EXPECT_EQ(serving->tickets().size(), 3u);
}

TEST_F(TlsEngine, ATicketOfAnotherServerOrPolicyIsWorthNothing) {
  const auto context = client(to_site());
  auto serving = server(as_site());
  const auto resumed = [&] {
    End a(context, "example.org"), b(serving);
    carry(a, b);
    return SSL_session_reused(a.engine.ssl()) == 1;
  };
  EXPECT_FALSE(resumed());
  const auto another = server(as_site());
  std::swap(serving, const_cast<std::shared_ptr<const Server::State>&>(another));
  EXPECT_FALSE(resumed());
  auto asks = as_site();
  asks.client_certificates = ClientCertificates::kOptional;
  asks.client_trust = TrustFile{site().ca_file};
  serving = server(asks, serving.get());
  EXPECT_FALSE(resumed());
  auto none = as_site();
  none.session_lifetime = Duration::zero();
  serving = server(none);
  EXPECT_FALSE(resumed());
  EXPECT_FALSE(resumed());
}

TEST_F(TlsEngine, RenegotiationIsRefused) {
  End a(client(to_site()), "example.org"), b(server(as_site()));
  SSL_set_max_proto_version(a.engine.ssl(), TLS1_2_VERSION);
  carry(a, b);
  EXPECT_EQ(SSL_renegotiate(a.engine.ssl()), 0);  // our own client will not
  SSL_clear_options(a.engine.ssl(), SSL_OP_NO_RENEGOTIATION);
  ASSERT_EQ(SSL_renegotiate(a.engine.ssl()), 1);
  a.say("x");
  carry(a, b);
  EXPECT_EQ(b.heard, "");
  EXPECT_TRUE(a.engine.failed()) << "the server took a second handshake";
}

TEST_F(TlsEngine, SecretsAreLoggedForDebuggingOnly) {
  auto logging = to_site();
  logging.key_log = site().folder.path("keys.log");
  End a(client(logging), "example.org"), b(server(as_site()));
  carry(a, b);
  std::ifstream file(logging.key_log);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find("CLIENT_TRAFFIC_SECRET_0 "), std::string::npos);
  EXPECT_NE(text.str().find("SERVER_HANDSHAKE_TRAFFIC_SECRET "), std::string::npos);
  EXPECT_EQ(std::filesystem::status(logging.key_log).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace torc::tls
