// TLS against what others wrote: the openssl program, curl and nginx, at both ends.
#include "net/on_reactor.hpp"
#include "tls/made_certificates.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/net/connect.hpp>
#include <torc/reactor/threads.hpp>
#include <torc/tls/tls.hpp>

#include <gtest/gtest.h>

#include <spawn.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <csignal>
#include <cstdio>

extern char** environ;

namespace torc::tls {
namespace {

using namespace std::chrono_literals;

bool installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

// What a command prints, both streams.
Deferred<std::string> output_of(std::string command) {
  return defer_to_thread([command] {
    std::string text;
    std::FILE* pipe = ::popen(("( " + command + " ) 2>&1").c_str(), "r");
    char buffer[4096];
    for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
    ::pclose(pipe);
    return text;
  });
}

// A server in a process of its own, until the end of the scope.
class Peer {
 public:
  explicit Peer(const std::string& command) {
    int ends[2];
    must(::pipe2(ends, O_CLOEXEC) == 0, "pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    std::string whole = "exec " + command;
    std::string shell = "sh", option = "-c";
    char* arguments[] = {shell.data(), option.data(), whole.data(), nullptr};
    must(::posix_spawn(&pid_, "/bin/sh", &actions, nullptr, arguments, environ) == 0, "spawn");
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    out_ = ends[0];
  }
  ~Peer() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    ::close(out_);
  }
  /// Reads until `word` was printed, and gives the number behind the next colon.
  std::uint16_t port_after(std::string_view word) {
    std::string text;
    for (char c; ::read(out_, &c, 1) == 1;) {
      text += c;
      if (c != '\n') continue;
      if (const auto at = text.find(word); at != std::string::npos) {
        return static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
      }
      text.clear();
    }
    throw Error("the peer ended without a word");
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
};

SocketAddress local(std::uint16_t port) { return {IpAddress::loopback_v4(), port}; }

const Site& site() {
  static const Site site;
  return site;
}

// An HTTP server of the least kind.
Deferred<void> hello(Stream s) {
  if (!co_await s.read_until("\r\n\r\n")) co_return;
  const auto told = info(s);
  const std::string body =
      "hello over " + told->cipher + " " + told->alpn + (told->peer ? " " + told->peer->subject : "");
  co_await s.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
                   "\r\n\r\n" + body);
}

class TlsPeers : public testing::Test {
 protected:
  static ServerOptions as_site() { return {.certificate = site().pem_file}; }
};

TEST_F(TlsPeers, CurlGetsAPage) {
  if (!installed("curl")) GTEST_SKIP() << "curl is not installed";
  on_reactor([]() -> Deferred<void> {
    auto options = as_site();
    options.alpn = {"http/1.1"};
    options.client_certificates = ClientCertificates::kOptional;
    options.client_trust = TrustFile{site().ca_file};
    auto port = Port::serve(anywhere(), hello, {.layers = {server(options)}});
    const auto number = std::to_string(port.address().port());
    const auto curl = [&](const std::string& more) {
      return output_of("curl -sS --http1.1 --resolve example.org:" + number +
                       ":127.0.0.1 https://example.org:" + number + "/ " + more);
    };
    auto page = co_await curl("--cacert " + site().ca_file);
    EXPECT_TRUE(page.starts_with("hello over TLS_") && page.ends_with(" http/1.1")) << page;
    auto old = co_await curl("--tls-max 1.2 --cacert " + site().ca_file);
    EXPECT_TRUE(old.starts_with("hello over ECDHE-ECDSA-")) << old;
    const auto own = site().issue("curl.pem", {.common_name = "curl", .usage = "clientAuth"});
    auto known = co_await curl("--cacert " + site().ca_file + " --cert " + own);
    EXPECT_TRUE(known.ends_with("CN=curl")) << known;
    auto refused = co_await curl("");
    EXPECT_TRUE(refused.contains("curl: (60)")) << refused;
  });
}

TEST_F(TlsPeers, TheOpensslClientResumesAndIsToldOfTheEnd) {
  if (!installed("openssl")) GTEST_SKIP() << "openssl is not installed";
  on_reactor([]() -> Deferred<void> {
    auto port = Port::serve(anywhere(), hello, {.layers = {server(as_site())}});
    const std::string session = site().folder.path("session");
    const auto connect = [&](const std::string& more) {
      return output_of(
          "printf 'GET / HTTP/1.1\\r\\n\\r\\n' | openssl s_client -ign_eof -servername example.org -verify_return_error"
          " -verify_hostname example.org -CAfile " +
          site().ca_file + " -connect 127.0.0.1:" + std::to_string(port.address().port()) + " " + more);
    };
    for (const std::string version : {"-tls1_3", "-tls1_2"}) {
      auto first = co_await connect(version + " -sess_out " + session);
      EXPECT_TRUE(first.contains("New, TLS") && first.contains("hello over ")) << first;
      EXPECT_TRUE(first.contains("Verification: OK")) << first;
      EXPECT_TRUE(first.contains("closed")) << first;
      auto second = co_await connect(version + " -sess_in " + session);
      EXPECT_TRUE(second.contains("Reused, TLS") && second.contains("hello over ")) << second;
    }
    auto too_old = co_await connect("-tls1_1 -cipher DEFAULT@SECLEVEL=0");
    EXPECT_TRUE(too_old.contains("protocol version")) << too_old;
  });
}

TEST_F(TlsPeers, TheOpensslServerIsVerified) {
  if (!installed("openssl")) GTEST_SKIP() << "openssl is not installed";
  on_reactor([]() -> Deferred<void> {
    for (const std::string version : {"-tls1_3", "-tls1_2"}) {
      Peer peer("openssl s_server -accept 127.0.0.1:0 -www -alpn http/1.1 " + version + " -cert " + site().pem_file +
                " -key " + site().pem_file);
      const auto address = local(peer.port_after("ACCEPT"));
      const ClientContext context({.host = "example.org", .trust = TrustFile{site().ca_file}, .alpn = {"http/1.1"}});
      for (int i = 0; i < 3; ++i) {
        auto stream = co_await connect_tcp(address);
        co_await stream.upgrade(context.layer());
        EXPECT_EQ(info(stream)->alpn, "http/1.1");
        EXPECT_EQ(info(stream)->resumed, i > 0) << version;
        co_await stream.write("GET / HTTP/1.0\r\n\r\n");
        auto line = co_await stream.read_line();
        EXPECT_EQ(line, "HTTP/1.0 200 ok");
        while (co_await stream.read_some()) {
        }  // ended by a close_notify
      }
      auto stream = co_await connect_tcp(address);
      auto refused = co_await as_outcome(stream.upgrade(context.layer("example.com")));
      EXPECT_EQ(refused.error().message(), "the certificate of example.com was refused: hostname mismatch");
    }
  });
}

TEST_F(TlsPeers, NginxIsVerifiedAndResumed) {
  if (!installed("/usr/sbin/nginx")) GTEST_SKIP() << "nginx is not installed";
  on_reactor([]() -> Deferred<void> {
    std::uint16_t number = 0;
    {
      auto free = Port::serve(anywhere(), hello);
      number = free.address().port();
    }
    const auto dir = site().folder.path();
    site().folder.put("www/index.html", std::string(300'000, 'n'));
    const auto config = site().folder.put(
        "nginx.conf", "daemon off; master_process off; pid " + dir + "/pid; error_log " + dir +
                          "/error;\nevents {}\nhttp { access_log off; "
                          "client_body_temp_path " +
                          dir + "/t; proxy_temp_path " + dir + "/t; fastcgi_temp_path " + dir + "/t; uwsgi_temp_path " +
                          dir + "/t; scgi_temp_path " + dir +
                          "/t; server { listen 127.0.0.1:" + std::to_string(number) + " ssl; ssl_certificate " +
                          site().pem_file + "; ssl_certificate_key " + site().pem_file +
                          "; ssl_verify_client optional; ssl_client_certificate " + site().ca_file +
                          "; add_header X-Client $ssl_client_s_dn; root " + dir + "/www; } }\n");
    Peer peer("/usr/sbin/nginx -c " + config + " 2>/dev/null");
    ClientOptions options{.host = "example.org", .trust = TrustFile{site().ca_file}};
    options.certificate = site().issue("nginx_client.pem", {.common_name = "torc", .usage = "clientAuth"});
    const ClientContext context(options);
    for (int i = 0; i < 2; ++i) {
      std::optional<Stream> stream;
      while (!stream) {
        auto connected = co_await as_outcome(connect_tcp(local(number)));
        if (connected)
          stream = std::move(*connected);
        else
          co_await sleep(10ms);
      }
      co_await stream->upgrade(context.layer());
      EXPECT_EQ(info(*stream)->resumed, i > 0);
      co_await stream->write("GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
      auto head = co_await stream->read_until("\r\n\r\n");
      EXPECT_TRUE(head && head->starts_with("HTTP/1.1 200") && head->contains("X-Client: CN=torc"))
          << head.value_or("");
      EXPECT_EQ((co_await stream->read_exactly(300'000)).size(), 300'000u);
      EXPECT_EQ(co_await stream->read_some(), std::nullopt);
    }
  });
}

}  // namespace
}  // namespace torc::tls
