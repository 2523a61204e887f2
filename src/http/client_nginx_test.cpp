// The client against a server that was written by others.
#include <torc/http/client.hpp>

#include "http/scripted_server.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

extern char** environ;

namespace torc::http {
namespace {

using namespace testing;
namespace fs = std::filesystem;

constexpr const char* kNginx = "/usr/sbin/nginx";

// A port that nobody has. Nginx binds it a moment later, so the start is tried more than once.
std::uint16_t free_port() {
  const auto port = Port::serve(ListeningSocket::tcp(SocketAddress(IpAddress::loopback_v4(), 0)), [](Stream) { return succeed(); });
  return port.address().port();
}

class Nginx : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kNginx)) GTEST_SKIP() << kNginx << " is not installed";
    std::string name = "/tmp/torc-nginx-XXXXXX";
    ASSERT_TRUE(::mkdtemp(name.data()));
    root = name;
    fs::create_directory(root / "www");
    write("www/small.txt", "a small file\n");
    std::string large = megabytes(20);
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 2654435761u >> 13);
    write("www/large.bin", large);
  }

  void TearDown() override {
    if (process > 0) {
      ::kill(process, SIGQUIT);
      ::waitpid(process, nullptr, 0);
    }
    if (!root.empty()) fs::remove_all(root);
  }

  void write(const std::string& name, std::string_view content) { std::ofstream(root / name) << content; }

  void start() {
    port = [] {
      Reactor reactor;
      const Scheduler::Enter enter(&reactor);
      return free_port();
    }();
    const std::string dir = root;
    write("nginx.conf",
          "daemon off; master_process off; pid " + dir + "/pid; error_log " + dir +
              "/error.log;\n"
              "events { worker_connections 200; }\n"
              "http {\n  access_log off; default_type text/plain; keepalive_requests 5; keepalive_timeout 1;\n"
              "  client_max_body_size 1m; chunked_transfer_encoding on;\n"
              "  client_body_temp_path " +
              dir + "/t1; proxy_temp_path " + dir + "/t2; fastcgi_temp_path " + dir +
              "/t3;\n"
              "  uwsgi_temp_path " +
              dir + "/t4; scgi_temp_path " + dir +
              "/t5;\n"
              "  server { listen 127.0.0.1:" +
              std::to_string(port) + "; root " + dir +
              "/www;\n"
              "    location /moved { return 301 /small.txt; }\n"
              "    location /empty { return 204; }\n"
          // Sizes unknown to the proxy come chunked; the echo reads the request's content whole.
              "    location /proxied/ { proxy_pass http://127.0.0.1:" +
              std::to_string(port) +
              "/; proxy_http_version 1.0; proxy_set_header Accept-Encoding \"\"; }\n"
              "    location /gone { return 410 \"no more\"; }\n  }\n}\n");
    const std::string config = dir + "/nginx.conf", log = dir + "/error.log";
    const char* arguments[] = {kNginx, "-p", dir.c_str(), "-c", config.c_str(), "-e", log.c_str(), nullptr};
    ASSERT_EQ(::posix_spawn(&process, kNginx, nullptr, nullptr, const_cast<char**>(arguments), environ), 0);
  }

  std::string url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port) + std::string(path);
  }

  // Nginx takes a moment to listen.
  Deferred<void> ready(Client& client) {
    for (int i = 0; i < 500; ++i) {
      auto up = co_await as_outcome(client.fetch(url("/empty")));
      if (up) co_return;
      co_await sleep(10ms);
    }
    ADD_FAILURE() << "nginx did not start: " << std::ifstream(root / "error.log").rdbuf();
  }

  fs::path root;
  std::uint16_t port = 0;
  pid_t process = -1;
};

TEST_F(Nginx, AnswersAsItAnswersEveryClient) {
  start();
  on_reactor([this](this auto) -> Deferred<void> {
    Client client;
    co_await ready(client);
    EXPECT_EQ(co_await whole(client, url("/empty")), "204 ");
    EXPECT_EQ(co_await whole(client, url("/small.txt")), "200 a small file\n");
    EXPECT_EQ(co_await whole(client, url("/small.txt"), {.method = "HEAD"}), "200 ");
    EXPECT_EQ(co_await whole(client, url("/moved")), "200 a small file\n");
    EXPECT_EQ(co_await whole(client, url("/gone")), "410 no more");
    EXPECT_EQ(co_await whole(client, url("/small.txt"), {.headers = {{"Range", "bytes=2-6"}}}), "206 small");
    EXPECT_EQ(co_await whole(client, url("/proxied/small.txt")), "200 a small file\n");
    auto missing = co_await client.fetch(url("/missing"));
    EXPECT_EQ(missing.status(), 404);
    EXPECT_TRUE((co_await missing.text()).contains("404 Not Found"));
    auto post = co_await client.fetch(url("/small.txt"), {.method = "POST", .body = Body("x")});
    EXPECT_EQ(post.status(), 405);
  });
}

TEST_F(Nginx, GivesALargeFileByteForByte) {
  start();
  on_reactor([this](this auto) -> Deferred<void> {
    Client client;
    co_await ready(client);
    std::ifstream file(root / "www/large.bin", std::ios::binary);
    auto response = co_await client.fetch(url("/large.bin"));
    EXPECT_EQ(response.body().length(), 20'000'000u);
    std::string expected;
    std::size_t total = 0;
    while (auto piece = co_await response.body().read_some()) {
      expected.resize(piece->size());
      file.read(expected.data(), static_cast<std::streamsize>(expected.size()));
      EXPECT_TRUE(piece->view() == expected) << "at " << total;
      total += piece->size();
    }
    EXPECT_EQ(total, 20'000'000u);
  });
}

// It closes each connection after five requests, and idle ones after a second.
TEST_F(Nginx, ClosesConnectionsWithoutAnyoneNoticing) {
  start();
  on_reactor([this](this auto) -> Deferred<void> {
    Client client;
    co_await ready(client);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(co_await whole(client, url("/small.txt")), "200 a small file\n");
    for (int round = 0; round < 3; ++round) {
      std::vector<Deferred<std::string>> all;
      all.reserve(50);
      for (int i = 0; i < 50; ++i) all.push_back(whole(client, url("/small.txt")));
      for (const auto& text : co_await gather(std::move(all))) EXPECT_EQ(text, "200 a small file\n");
    }
    EXPECT_GT(client.idle_connections(), 0u);
    for (int i = 0; i < 400 && client.idle_connections() > 0; ++i) co_await sleep(10ms);
    EXPECT_EQ(client.idle_connections(), 0u);
    EXPECT_EQ(co_await whole(client, url("/small.txt")), "200 a small file\n");
  });
}

TEST_F(Nginx, RefusesTooMuchContentWhileItIsSent) {
  start();
  on_reactor([this](this auto) -> Deferred<void> {
    Client client;
    co_await ready(client);
    for (int i = 0; i < 20; ++i) {
      auto response = co_await client.fetch(url("/small.txt"), {.method = "PUT", .body = Body(megabytes(50))});
      EXPECT_EQ(response.status(), 413);
    }
  });
}

}  // namespace
}  // namespace torc::http
