#include "tls/tls_layer.hpp"
#include "tls/secured_port.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/base/log.hpp>
#include <torc/net/connection.hpp>

#include <fcntl.h>

#include <string>

namespace torc::tls {
namespace {

using namespace std::chrono_literals;

TEST_F(Tls, ProtocolsAndStreamsTalkOverIt) {
  on_reactor([]() -> Deferred<void> {
    auto callbacks = Port::serve(anywhere(), factory<EchoProtocol>(), secured());
    auto coroutines = Port::serve(anywhere(), echo, secured());
    for (Port* port : {&callbacks, &coroutines}) {
      auto stream = co_await secure(*port);
      co_await stream.write("hello");
      EXPECT_EQ(co_await stream.read_exactly(5), "hello");
      const std::string large(1'000'000, 'x');
      auto back = stream.read_exactly(large.size());
      co_await stream.write(large);
      EXPECT_EQ(co_await std::move(back), large);
      stream.shutdown_write();
      EXPECT_EQ(co_await stream.read_some(), std::nullopt);
    }
    co_await callbacks.close();
    co_await coroutines.close();
    EXPECT_EQ(callbacks.connections() + coroutines.connections(), 0u);
  });
}

TEST_F(Tls, TellsWhatWasAgreedUpon) {
  on_reactor([]() -> Deferred<void> {
    auto options = as_site();
    options.alpn = {"echo"};
    std::optional<Info> seen;
    auto port = Port::serve(
        anywhere(),
        [&seen](this auto, Stream s) -> Deferred<void> {
          seen = info(s);
          co_await echo(std::move(s));
        },
        secured(options));
    auto to = to_site();
    to.alpn = {"other", "echo"};
    auto stream = co_await secure(port, to);
    co_await stream.write("x");
    co_await stream.read_some();
    auto told = info(stream);
    if (!told || !told->peer || !seen) throw Error("nothing is known");
    EXPECT_EQ(told->version, Version::kTls13);
    EXPECT_EQ(told->alpn, "echo");
    EXPECT_EQ(told->server_name, "example.org");
    EXPECT_TRUE(told->cipher.starts_with("TLS_")) << told->cipher;
    EXPECT_FALSE(told->resumed);
    EXPECT_EQ(told->peer->subject, "CN=example.org");
    EXPECT_EQ(told->peer->issuer, "CN=torc test authority");
    EXPECT_EQ(told->peer->names, (std::vector<std::string>{"example.org", "localhost", "127.0.0.1"}));
    EXPECT_EQ(told->peer->fingerprint.size(), 64u);
    EXPECT_GT(told->peer->not_after, std::chrono::system_clock::now() + 29 * 24h);
    EXPECT_LT(told->peer->not_before, std::chrono::system_clock::now());
    EXPECT_EQ(seen->server_name, "example.org");
    EXPECT_FALSE(seen->peer);
    auto plain = co_await connect_tcp(port.address());
    EXPECT_FALSE(info(plain));
  });
}

TEST_F(Tls, ResumesTheLastSession) {
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(anywhere(), echo, secured());
    const ClientContext context(to_site());
    for (int i = 0; i < 3; ++i) {
      auto stream = co_await connect_tcp(port.address());
      co_await stream.upgrade(context.layer());
      co_await stream.write("x");
      co_await stream.read_some();
      EXPECT_EQ(info(stream)->resumed, i > 0);
    }
  });
}

TEST_F(Tls, ClientsShowCertificates) {
  on_reactor([]() -> Deferred<void> {
    auto options = as_site();
    options.client_certificates = ClientCertificates::kRequired;
    options.client_trust = TrustFile{site().ca_file};
    std::string who;
    auto port = Port::serve(
        anywhere(),
        [&who](this auto, Stream s) -> Deferred<void> {
          who = info(s)->peer->subject;
          co_await echo(std::move(s));
        },
        secured(options));
    auto with = to_site();
    with.certificate = site().issue("me.pem", {.common_name = "me", .usage = "clientAuth"});
    auto stream = co_await secure(port, with);
    co_await stream.write("x");
    EXPECT_EQ(co_await stream.read_exactly(1), "x");
    EXPECT_EQ(who, "CN=me");
    auto without = co_await secure(port);  // TLS 1.3: the client is done before it is refused
    auto refused = co_await as_outcome(without.read_some());
    EXPECT_EQ(refused.error().message(),
              "the TLS connection to example.org broke: its alert is \"certificate required\"");
    auto wrong = to_site();
    wrong.certificate = site().folder.put("self.pem", make_certificate({.common_name = "me"}));
    auto unknown = co_await secure(port, wrong);
    auto unknown_refused = co_await as_outcome(unknown.read_some());
    EXPECT_TRUE(unknown_refused.error().check<TlsError>()) << unknown_refused.error().message();
  });
}

TEST_F(Tls, CertificatesAreChosenByName) {
  const Folder folder;
  const auto put = [&](std::string file, std::string dns) {
    folder.put(file, make_certificate({.common_name = file, .dns = {dns}}, &site().authority));
  };
  put("one.org.pem", "one.org");
  put("*.two.org.pem", "*.two.org");
  on_reactor([&folder](this auto) -> Deferred<void> {
    auto only_folder = ServerOptions{.folder = folder.path()};
    auto port = Port::serve(anywhere(), echo, secured(only_folder));
    auto with_default = as_site();
    with_default.folder = folder.path();
    auto defaulted = Port::serve(anywhere(), echo, secured(with_default));
    auto subject = [](const Port& port, std::string name) -> Deferred<std::string> {
      auto options = to_site();
      options.host = name;
      auto stream = co_await as_outcome(secure(port, options));
      if (!stream) co_return stream.error().message();
      co_return info(*stream)->peer->subject;
    };
    EXPECT_EQ(co_await subject(port, "one.org"), "CN=one.org.pem");
    EXPECT_EQ(co_await subject(port, "ONE.org"), "CN=one.org.pem");
    EXPECT_EQ(co_await subject(port, "a.two.org"), "CN=*.two.org.pem");
    EXPECT_EQ(co_await subject(port, "b.a.two.org"), "no TLS with b.a.two.org: its alert is \"unrecognized name\"");
    EXPECT_EQ(co_await subject(port, "two.org"), "no TLS with two.org: its alert is \"unrecognized name\"");
    EXPECT_EQ(co_await subject(defaulted, "example.org"), "CN=example.org");
    EXPECT_EQ(co_await subject(defaulted, "127.0.0.1"), "CN=example.org");
    EXPECT_EQ(co_await subject(defaulted, "one.org"), "CN=one.org.pem");
  });
}

TEST_F(Tls, NewCertificatesWithoutDroppingAConnection) {
  on_reactor([]() -> Deferred<void> {
    const Folder folder;
    const auto put = [&](const std::string& name) {
      return folder.put("site.pem", make_certificate({.common_name = name, .dns = {"example.org"}}, &site().authority));
    };
    auto secured_by = server({.certificate = put("first")});
    auto port = Port::serve(anywhere(), echo, {.layers = {secured_by}});
    auto before = co_await secure(port);
    put("second");
    secured_by->reload();
    auto after = co_await connect_tcp(port.address());
    co_await after.upgrade(ClientContext(to_site()).layer());
    EXPECT_EQ(info(before)->peer->subject, "CN=first");
    EXPECT_EQ(info(after)->peer->subject, "CN=second");
    for (Stream* each : {&before, &after}) {
      co_await each->write("x");
      EXPECT_EQ(co_await each->read_exactly(1), "x");
    }
    folder.put("site.pem", "no certificate at all");
    EXPECT_THROW(secured_by->reload(), TlsConfigurationError);
    auto still = co_await connect_tcp(port.address());
    co_await still.upgrade(ClientContext(to_site()).layer());
    EXPECT_EQ(info(still)->peer->subject, "CN=second");
  });
}

// ThreadSanitizer makes each cost twenty times as much.
#if __has_feature(thread_sanitizer)
constexpr int kHandshakes = 20;
#else
constexpr int kHandshakes = 100;
#endif
TEST_F(Tls, TenReloadsDuringEachHandshakeFailNone) {
  on_reactor([]() -> Deferred<void> {
    auto secured_by = server(as_site());
    auto port = Port::serve(anywhere(), echo, {.layers = {secured_by}});
    for (int i = 0; i < kHandshakes; ++i) {
      for (int k = 0; k < 5; ++k) secured_by->reload();
      auto connecting = connect_tcp(port.address());
      auto stream = co_await std::move(connecting);
      auto upgrading = stream.upgrade(client(to_site()));
      for (int k = 0; k < 5; ++k) {
        secured_by->reload();
        co_await yield();
      }
      co_await std::move(upgrading);
      co_await stream.write("x");
      EXPECT_EQ(co_await stream.read_exactly(1), "x");
    }
  });
}

TEST_F(Tls, AnUpgradeInTheMiddleOfAConversation) {
  on_reactor([]() -> Deferred<void> {
    auto secured_by = server(as_site());
    std::string refused;
    auto port = Port::serve(anywhere(), [&](this auto, Stream s) -> Deferred<void> {
      while (auto line = co_await s.read_line()) {
        if (*line != "STARTTLS") continue;
        co_await s.write("220 go ahead\r\n");
        auto upgraded = co_await as_outcome(s.upgrade(secured_by->build()));
        if (!upgraded) refused = upgraded.error().message();
        if (!upgraded) co_return;
      }
      co_await s.write("bye");
    });
    auto stream = co_await connect_tcp(port.address());
    co_await stream.write("STARTTLS\r\n");
    EXPECT_EQ(co_await stream.read_line(), "220 go ahead");
    co_await stream.upgrade(client(to_site()));
    stream.shutdown_write();
    EXPECT_EQ(co_await stream.read_exactly(3), "bye");

    auto smuggler = co_await connect_tcp(port.address());
    co_await smuggler.write("STARTTLS\r\nRCPT TO:<victim>\r\n");
    while (refused.empty()) co_await sleep(1ms);
    EXPECT_EQ(refused, "the peer sent bytes before the stream was upgraded: nothing vouches for them");
  });
}

TEST_F(Tls, ATruncatedEndIsNotACleanOne) {
  on_reactor([]() -> Deferred<void> {
    std::string end;
    auto port = Port::serve(
        anywhere(),
        [&end](this auto, Stream s) -> Deferred<void> {
          auto ended = co_await as_outcome([](Stream& s) -> Deferred<void> {
            while (co_await s.read_some()) {
            }
          }(s));
          end = ended ? "clean" : ended.error().type_name();
        },
        secured());
    {
      auto clean = co_await secure(port);
      co_await clean.write("all of it");
    }
    while (end.empty()) co_await sleep(1ms);
    EXPECT_EQ(std::exchange(end, {}), "clean");
    auto cut = co_await secure(port);
    co_await cut.write("half of");
    const_cast<Transport*>(cut.transport()->lower())->shutdown_write();  // below TLS
    while (end.empty()) co_await sleep(1ms);
    EXPECT_EQ(end, "torc::TlsTruncated");
  });
}

TEST_F(Tls, WritesBeforeTheHandshakeWait) {
  class Early : public Protocol {
   public:
    explicit Early(std::string* heard) : heard_(heard) {}

   private:
    void connection_made() override {
      transport().insert(client(to_site()));
      transport().write("early");
    }
    void layer_up() override { transport().write(" and late"); }
    void data_received(std::string_view data) override {
      *heard_ += data;
      if (heard_->size() == 14) transport().close();
    }
    std::string* heard_;
  };
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(anywhere(), echo, secured());
    std::string heard;
    auto connection = Connection::serve(co_await connect_tcp(port.address()), std::make_unique<Early>(&heard));
    co_await connection.closed();
    EXPECT_EQ(heard.size(), 14u) << heard;
    EXPECT_TRUE(heard.contains("early") && heard.contains(" and late")) << heard;
  });
}

TEST_F(Tls, CorkedWritesLeaveAsOneRecord) {
  class Corked : public Protocol {
    void data_received(std::string_view) override {
      const auto cork = transport().cork();
      for (int i = 0; i < 100; ++i) transport().write("0123456789");
      transport().write(std::string(10'000, 'L'));
      transport().write("end");
      if (i_++ > 0) transport().close();
    }
    int i_ = 0;
  };
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(anywhere(), factory<Corked>(), secured());
    auto stream = co_await secure(port);
    for (int i = 0; i < 2; ++i) {
      co_await stream.write("go");
      auto all = co_await stream.read_exactly(11'003);
      EXPECT_EQ(all.substr(0, 12), "012345678901");
      EXPECT_EQ(all.substr(990, 20), "0123456789LLLLLLLLLL");
      EXPECT_TRUE(all.ends_with("Lend"));
    }
    EXPECT_EQ(co_await stream.read_some(), std::nullopt);
  });
}

TEST_F(Tls, SendsFilesBetweenWrites) {
  on_reactor([]() -> Deferred<void> {
    const std::string content(3'000'000, 'f');
    const auto path = site().folder.put("large", content);
    auto port = Port::serve(
        anywhere(),
        [&](this auto, Stream s) -> Deferred<void> {
          co_await s.write("<");
          co_await s.send_file(UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), 1, content.size() - 1);
          co_await s.write(">");
        },
        secured());
    auto stream = co_await secure(port);
    EXPECT_EQ(co_await stream.read_exactly(content.size() + 1), "<" + content.substr(1) + ">");
    EXPECT_EQ(co_await stream.read_some(), std::nullopt);
  });
}

TEST_F(Tls, AFileThatIsTooShortCutsTheConnection) {
  on_reactor([]() -> Deferred<void> {
    const auto path = site().folder.put("short", "short");
    auto port = Port::serve(
        anywhere(),
        [&](this auto, Stream s) -> Deferred<void> {
          co_await s.send_file(UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), 0, 100);
          co_await s.read_some();
        },
        secured());
    auto stream = co_await secure(port);
    auto cut = co_await as_outcome(stream.read_exactly(100));
    EXPECT_TRUE(cut.error().check<ConnectionLost>()) << cut.error().message();
  });
}

TEST_F(Tls, ASlowHandshakeIsCut) {
  on_reactor([]() -> Deferred<void> {
    auto captured = std::make_shared<log::CaptureSink>();
    const log::ScopedSink scope{captured, LogLevel::kInfo};
    auto options = as_site();
    options.handshake_timeout = 30ms;
    auto port = Port::serve(anywhere(), echo, secured(options));
    auto silent = co_await connect_tcp(port.address());
    auto cut = co_await as_outcome(silent.read_some());
    EXPECT_TRUE(cut.error().check<ConnectionLost>());
    EXPECT_TRUE(captured->contains("the TLS handshake was not done within 30 ms")) << captured->text();
    // And a server that says nothing.
    auto mute = Port::serve(anywhere(), [](Stream s) -> Deferred<void> {
      while (co_await s.read_some()) {
      }
    });
    auto waits = to_site();
    waits.handshake_timeout = 30ms;
    auto late = co_await as_outcome(secure(mute, waits));
    EXPECT_EQ(late.error().message(), "the TLS handshake was not done within 30 ms");
    EXPECT_TRUE(late.error().check<TlsHandshakeFailed>());
  });
}

TEST_F(Tls, LimitsWithoutEndAreNone) {
  on_reactor([]() -> Deferred<void> {
    auto options = as_site();
    options.handshake_timeout = options.close_timeout = Duration::max();
    auto port = Port::serve(anywhere(), echo, secured(options));
    auto to = to_site();
    to.handshake_timeout = to.close_timeout = Duration::max();
    auto stream = co_await secure(port, to);
    co_await stream.write("x");
    EXPECT_EQ(co_await stream.read_exactly(1), "x");
    stream.close();
    co_await port.close();
  });
}

TEST_F(Tls, ClosingDoesNotWaitForeverForAPeer) {
  on_reactor([]() -> Deferred<void> {
    auto options = as_site();
    options.close_timeout = 30ms;
    auto port = Port::serve(anywhere(), [](Stream s) -> Deferred<void> { co_await s.write("bye"); }, secured(options));
    auto stream = co_await secure(port);
    EXPECT_EQ(co_await stream.read_exactly(3), "bye");
    co_await port.close();  // the peer never ends
    EXPECT_EQ(co_await stream.read_some(), std::nullopt);
  });
}

TEST_F(Tls, AStalledReaderBoundsWhatIsHeld) {
  on_reactor([]() -> Deferred<void> {
    std::uint64_t most = 0;
    auto port = Port::serve(
        anywhere(),
        [&most](this auto, Stream s) -> Deferred<void> {
          const std::string piece(16 * 1024, 'x');
          while (true) {
            auto written = s.write(piece);
            most = std::max(most, s.unsent());
            co_await std::move(written);
          }
        },
        secured());
    auto stream = co_await secure(port);
    co_await stream.read_some();
    std::uint64_t before = 0;
    do {  // until the pipe is full
      before = most;
      co_await sleep(20ms);
    } while (most != before || most == 0);
    EXPECT_LE(most, 2 * TransportOptions{}.high_water);
    EXPECT_GT(most, TransportOptions{}.high_water);
  });
}

TEST_F(Tls, APeerThatAsksForAnswersAndReadsNoneIsCut) {
  on_reactor([]() -> Deferred<void> {
    std::string end;
    auto port = Port::serve(
        anywhere(),
        [&end](this auto, Stream s) -> Deferred<void> {
          while (s.unsent() < 200'000) static_cast<void>(s.write(std::string(100'000, 'x')));
          auto ended = co_await as_outcome([](Stream& s) -> Deferred<void> {
            while (co_await s.read_some()) {
            }
          }(s));
          end = ended ? "clean" : ended.error().message();
        },
        secured());
    auto stream = co_await secure(port);
    SSL* ssl = layer_of<detail::TlsLayer>(*stream.transport())->engine().ssl();
    for (int i = 0; i < 2000 && end.empty(); ++i) {
      SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
      co_await stream.write("x");
      co_await sleep(0ns);
    }
    while (end.empty()) co_await sleep(1ms);
    EXPECT_EQ(end, "the peer asks for answers and does not read them");
  });
}

TEST_F(Tls, OverItself) {
  on_reactor([]() -> Deferred<void> {
    auto outer = server(as_site());
    auto port = Port::serve(anywhere(), echo, {.layers = {outer, outer}});
    auto stream = co_await secure(port);
    co_await stream.upgrade(client(to_site()));
    const std::string large(200'000, 'x');
    auto back = stream.read_exactly(large.size());
    co_await stream.write(large);
    EXPECT_EQ(co_await std::move(back), large);
    stream.shutdown_write();
    EXPECT_EQ(co_await stream.read_some(), std::nullopt);
  });
}

TEST_F(Tls, OptionsThatCannotWorkAreRefused) {
  const auto refused = [](auto make) -> std::string {
    try {
      make();
    } catch (const TlsConfigurationError& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_EQ(refused([] { client({}); }),
            "a TLS client needs the name of its host: nothing else tells who the peer is to be");
  EXPECT_TRUE(refused([] { client({.host = std::string("a\0b", 3)}); }).starts_with("TLS to "));
  EXPECT_EQ(refused([] { server({}); }), "a TLS server needs a certificate, or a folder of them");
  EXPECT_EQ(refused([] { server({.certificate = "/nowhere.pem"}); }), "cannot read /nowhere.pem: no such file");
  EXPECT_EQ(refused([] { server({.certificate = site().ca_file}); }),
            "there is no private key in " + site().ca_file + " (PEM, \"BEGIN PRIVATE KEY\")");
  const auto other = site().folder.put("other.pem", make_certificate({}));
  EXPECT_EQ(refused([&] { server({.certificate = site().pem_file, .key = other}); }),
            "the key in " + other + " is not that of the certificate in " + site().pem_file);
  EXPECT_EQ(
      refused([] { server({.certificate = site().pem_file, .client_certificates = ClientCertificates::kRequired}); }),
      "clients are to show certificates, and client_trust does not say who vouches for them");
  EXPECT_EQ(refused([] { client({.host = "a.org", .trust = TrustPem{"nothing"}}); }),
            "there is no certificate in the text that is to be trusted");
}

}  // namespace
}  // namespace torc::tls
