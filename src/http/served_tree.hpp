// For the tests of the directory handler: a temporary directory, and a client that asks a server for what is in it.
#pragma once

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/endpoint/listen.hpp>
#include <torc/http/directory.hpp>
#include <torc/http/headers.hpp>
#include <torc/http/server.hpp>
#include <torc/reactor/reactor.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace torc::http {

/// `root()` is a directory inside `base()`, so that there is something to escape to.
class TemporaryTree {
 public:
  TemporaryTree() {
    char name[] = "/tmp/torc-directory-XXXXXX";
    if (!::mkdtemp(name)) throw std::runtime_error("mkdtemp failed");
    base_ = name;
    std::filesystem::create_directory(root());
    std::filesystem::permissions(base_, std::filesystem::perms(0755));
  }
  ~TemporaryTree() {
    std::error_code ignored;
    std::filesystem::remove_all(base_, ignored);
  }
  TemporaryTree(const TemporaryTree&) = delete;

  const std::filesystem::path& base() const { return base_; }
  std::filesystem::path root() const { return base_ / "root"; }

  /// Writes root/name, making its directories.
  void write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((root() / name).parent_path());
    std::ofstream(root() / name, std::ios::binary) << content;
  }
  void make_directory(const std::string& name) const { std::filesystem::create_directories(root() / name); }
  void link(const std::string& name, const std::string& target) const {
    std::filesystem::create_symlink(target, root() / name);
  }
  void set_modified(const std::string& name, std::int64_t seconds) const {
    const timespec times[2] = {{.tv_sec = seconds, .tv_nsec = 0}, {.tv_sec = seconds, .tv_nsec = 0}};
    if (::utimensat(AT_FDCWD, (root() / name).c_str(), times, 0) != 0) throw std::runtime_error("utimensat failed");
  }

 private:
  std::filesystem::path base_;
};

struct Answer {
  int status = 0;
  Headers headers;
  std::string body;

  std::string header(std::string_view name) const { return std::string(headers.get(name).value_or("(none)")); }
};

/// One connection to a server on this machine.
class Visitor {
 public:
  static Deferred<Visitor> of(const Server& server) {
    co_return Visitor(co_await connect("tcp:127.0.0.1:" + std::to_string(server.address().port())));
  }

  Stream& stream() { return stream_; }

  /// Sends a request with these fields, each ended by CR LF, and gives the head of the response.
  Deferred<Answer> begin(std::string line, std::string fields = {}) {
    co_await stream_.write(line + " HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n");
    auto head = co_await stream_.read_until("\r\n\r\n");
    if (!head) throw std::runtime_error("no answer to " + line);
    Answer answer;
    answer.status = std::stoi(head->substr(9, 3));
    for (std::size_t at = head->find("\r\n"); at != head->npos;) {
      const std::size_t end = head->find("\r\n", at + 2);
      const std::string field = head->substr(at + 2, end == head->npos ? end : end - at - 2);
      const std::size_t colon = field.find(':');
      answer.headers.add(field.substr(0, colon), field.substr(colon + 1));
      at = end;
    }
    co_return answer;
  }
  /// The same with the content.
  Deferred<Answer> ask(std::string line, std::string fields = {}) {
    Answer answer = co_await begin(line, std::move(fields));
    const auto length = answer.headers.get("Content-Length");
    if (length && !line.starts_with("HEAD "))
      answer.body = co_await stream_.read_exactly(std::stoull(std::string(*length)));
    co_return answer;
  }

 private:
  explicit Visitor(Stream stream) : stream_(std::move(stream)) {}
  Stream stream_;
};

inline std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

/// Runs `body(server, visitor)` against a server of `tree` at `prefix`. Fails the test when it fails, takes longer than
/// 30 s, or leaves a descriptor open.
template <class Body>
void visit(const TemporaryTree& tree, DirectoryOptions options, Body body, std::string prefix = "/") {
  const auto before = open_descriptors();
  {
    Reactor reactor;
    bool ended = false;
    Deferred<void> running = succeed();
    auto all = [&](this auto) -> Deferred<void> {
      Router app;
      app.mount(prefix, directory(tree.root(), std::move(options)));
      Server server = co_await listen("tcp:0:address=127.0.0.1", std::move(app));
      {
        Visitor visitor = co_await Visitor::of(server);
        co_await body(server, visitor);
      }
      co_await server.close();
    };
    reactor.call_when_running([&] {
      running = with_timeout(std::chrono::seconds(30), all()).then_outcome([&](Outcome<void> outcome) {
        if (!outcome) ADD_FAILURE() << outcome.error().report();
        ended = true;
        reactor.stop();
      });
    });
    reactor.run();
    EXPECT_TRUE(ended);
  }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace torc::http
