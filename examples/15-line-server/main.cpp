// A store of keys and values, spoken to in lines, with limits on all that a client can do.
//
//   15-line-server [PORT]      port 0 picks one
//
//   set KEY LENGTH, then LENGTH bytes     ok
//   get KEY                               LENGTH, then the bytes; or "none"
//   quit
//
// Try: printf 'set colour 3\nredget colour\nquit\n' | nc 127.0.0.1 8015
#include <torc/framing/line_protocol.hpp>
#include <torc/net/idle_timeout.hpp>
#include <torc/net/throttle.hpp>
#include <torc/torc.hpp>

#include <charconv>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

using namespace std::chrono_literals;

constexpr std::size_t kMaxValue = 64 * 1024;
constexpr std::size_t kMaxKeys = 1000;

using Store = std::map<std::string, std::string, std::less<>>;

class Client : public torc::framing::LineProtocol {
 public:
  explicit Client(Store* store) : LineProtocol(torc::codec::LineFormat::lf(200)), store_(*store) {}

 private:
  void line_received(std::string_view line) override {
    const auto [verb, rest] = cut(line);
    const auto [key, length] = cut(rest);
    if (verb == "set") return begin_value(key, length);
    if (verb == "get") return send_value(key);
    if (verb == "quit") return transport().close();
    say("error: set KEY LENGTH, get KEY or quit");
  }

  void line_too_long() override { say("error: a line has at most 200 bytes"); }

  void begin_value(std::string_view key, std::string_view length) {
    std::size_t count = 0;
    const auto end = length.data() + length.size();
    const auto [read, error] = std::from_chars(length.data(), end, count);
    if (error != std::errc() || read != end || count > kMaxValue) {
      say("error: a value has 0 to 65536 bytes");
      return transport().close();  // what follows is not to be taken for lines
    }
    key_ = key;
    value_.clear();
    count == 0 ? keep_value() : read_raw(count);
  }

  void raw_received(std::string_view data, std::uint64_t left) override {
    value_ += data;
    if (left == 0) keep_value();
  }

  void keep_value() {
    if (store_.size() >= kMaxKeys && !store_.contains(key_)) return say("error: the store is full");
    store_.insert_or_assign(key_, std::move(value_));
    say("ok");
  }

  void send_value(std::string_view key) {
    const auto found = store_.find(key);
    if (found == store_.end()) return say("none");
    say(std::to_string(found->second.size()));
    transport().write(found->second);
  }

  void say(std::string_view line) { send_line(line).value(); }

  static std::pair<std::string_view, std::string_view> cut(std::string_view text) {
    const auto at = text.find(' ');
    return {text.substr(0, at), at == text.npos ? std::string_view() : text.substr(at + 1)};
  }

  Store& store_;
  std::string key_, value_;  // of the `set` that is under way
};

torc::Deferred<void> amain(std::vector<std::string> args) {
  Store store;
  const std::string where = "tcp:" + (args.empty() ? "8015" : args[0]) + ":address=127.0.0.1";
  auto port = co_await torc::listen(where, torc::factory<Client>(&store),
                                    {.layers = {torc::layer<torc::IdleTimeout>(60s),
                                                torc::throttle({.peer = {.in = {10'000'000}, .out = {10'000'000}}})},
                                     .max_connections = 1000,
                                     .max_per_peer = 20});
  std::printf("serving on %s\n", port.address().str().c_str());
  std::fflush(stdout);
  co_await torc::until_cancelled();
}

int main(int argc, char** argv) { return torc::run(amain, argc, argv); }
