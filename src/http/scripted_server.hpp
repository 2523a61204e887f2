// ScriptedServer: an HTTP server for tests of clients that answers with exactly the bytes it is told.
//
//   ScriptedServer server(co_await ScriptedServer::open(), [](const Asked& asked) -> Reply { ... });
//   co_await client.fetch(server.url("/path"));
//
// And on_reactor(), which runs a test's body and judges what it leaves behind.
#pragma once

#include "net/on_reactor.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/gather.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/endpoint/listen.hpp>
#include <torc/http/client.hpp>
#include <torc/reactor/reactor.hpp>

#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace torc::http::testing {

using namespace std::chrono_literals;

inline std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

/// As torc::on_reactor; a record in the log or a descriptor that stays open fails the test, too.
template <class Body>
void on_reactor(Body body, Duration limit = 30s) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  const auto before = open_descriptors();
  torc::on_reactor(std::move(body), limit);
  EXPECT_EQ(captured->count(), 0u) << captured->text();
  // A thread that looked up a name holds the way back to its reactor a moment longer.
  for (int i = 0; i < 1000 && open_descriptors() != before; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(open_descriptors(), before);
}

/// Fires in the next turn of the loop, when everything that is ready now has been seen to.
inline Deferred<void> next_turn() {
  auto [deferred, promise] = make_deferred<void>();
  Reactor::required("next_turn").call_when_running([promise = std::move(promise)]() mutable { promise.set_value(); });
  return std::move(deferred);
}

/// More than any socket takes at once.
inline std::string megabytes(std::size_t count) { return std::string(count * 1'000'000, 'x'); }

/// A request as the server saw it.
struct Asked {
  std::string head;  // up to the empty line
  std::string content;
  int connection;  // counted from 0
  int number;      // of this request, over all connections

  std::string_view line() const { return std::string_view(head).substr(0, head.find("\r\n")); }
  std::string_view method() const { return line().substr(0, line().find(' ')); }
  std::string_view target() const {
    const auto rest = line().substr(line().find(' ') + 1);
    return rest.substr(0, rest.find(' '));
  }
  bool has(std::string_view field) const { return head.find("\r\n" + std::string(field)) != std::string::npos; }
};

/// What the server sends, and what it does with the connection then.
struct Reply {
  enum Then { kKeep, kClose, kAbort, kHang };
  std::string bytes;
  Then then = kKeep;
};

/// "HTTP/1.1 200 OK" with `content` and its length.
inline Reply ok(std::string_view content) {
  return {"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" + std::string(content)};
}

class ScriptedServer {
 public:
  using Answer = std::function<Reply(const Asked&)>;

  /// Starts to serve at once; `answer` may use what outlives the server.
  explicit ScriptedServer(Answer answer, bool byte_by_byte = false)
      : state_(std::make_unique<State>(std::move(answer), byte_by_byte)),
        port_(Port::serve(ListeningSocket::tcp(SocketAddress(IpAddress::loopback_v4(), 0)),
                              [&state = *state_](Stream stream) { return serve(state, std::move(stream)); })) {}

  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_.address().port()); }
  std::string url(std::string_view path = "/") const { return origin() + std::string(path); }
  /// Connections accepted so far, and those open now.
  int accepted() const { return state_->accepted; }
  std::size_t open() const { return port_.connections(); }
  const std::vector<Asked>& asked() const { return state_->asked; }
  Deferred<void> close() { return port_.close(0s); }

 private:
  struct State {
    State(Answer answer, bool byte_by_byte) : answer(std::move(answer)), byte_by_byte(byte_by_byte) {}
    Answer answer;
    bool byte_by_byte;
    int accepted = 0;
    std::vector<Asked> asked;
  };

  static Deferred<void> serve(State& state, Stream stream) {
    const int connection = state.accepted++;
    for (;;) {
      auto head = co_await stream.read_until("\r\n\r\n");
      if (!head) co_return;
      Asked asked{.head = *head + "\r\n", .content = {}, .connection = connection, .number = 0};
      if (const auto at = asked.head.find("\r\nContent-Length: "); at != std::string::npos) {
        std::size_t length = 0;
        std::from_chars(asked.head.data() + at + 18, asked.head.data() + asked.head.size(), length);
        asked.content = co_await stream.read_exactly(length);
      } else if (asked.has("Transfer-Encoding: chunked\r\n")) {
        asked.content = *co_await stream.read_until("0\r\n\r\n", 1 << 20);
      }
      asked.number = static_cast<int>(state.asked.size());
      state.asked.push_back(asked);
      const Reply reply = state.answer(asked);
      if (!state.byte_by_byte) {
        co_await stream.write(reply.bytes);
      } else {
        for (const char& byte : reply.bytes) {
          co_await stream.write({&byte, 1});
          co_await next_turn();  // the client sees it alone
        }
      }
      if (reply.then == Reply::kClose) co_return;
      if (reply.then == Reply::kAbort) {
        co_await sleep(1ms);  // a reset overtakes bytes that have not been read
        stream.abort();
        co_return;
      }
      if (reply.then == Reply::kHang) co_await until_cancelled();
    }
  }

  std::unique_ptr<State> state_;
  Port port_;  // its connections use the state
};

/// What a fetch and reading its content came to: "200 text".
inline Deferred<std::string> whole(Client& client, std::string url, RequestOptions options = {}) {
  auto response = co_await client.fetch(std::move(url), std::move(options));
  std::string text = co_await response.text();
  co_return std::to_string(response.status()) + " " + text;
}

/// A source that gives `pieces`, each in a turn of its own; "fail" throws.
struct Pieces final : BodySource {
  explicit Pieces(std::vector<std::string> pieces, std::optional<std::uint64_t> length = std::nullopt)
      : pieces(std::move(pieces)), announced(length) {}
  Deferred<std::optional<Bytes>> read_some() override {
    co_await next_turn();
    if (next == pieces.size()) co_return std::nullopt;
    if (pieces[next] == "fail") throw std::runtime_error("the tape broke");
    co_return Bytes(pieces[next++]);
  }
  std::optional<std::uint64_t> length() const override { return announced; }
  std::vector<std::string> pieces;
  std::size_t next = 0;
  std::optional<std::uint64_t> announced;
};

}  // namespace torc::http::testing
