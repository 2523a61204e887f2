// Connecting to a name (RFC 8305): attempts that begin one after the other, of which the first success is taken.
#include <torc/net/connect.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace torc {

namespace {

// The families in turn, beginning with that of the preferred address; each in the order it came (section 4).
std::vector<SocketAddress> in_turn(std::vector<SocketAddress> addresses) {
  std::vector<SocketAddress> families[2], result;
  for (auto& each : addresses) families[each.is_v6() != addresses.front().is_v6()].push_back(each);
  for (std::size_t i = 0; result.size() < addresses.size(); ++i) {
    for (auto& family : families) {
      if (i < family.size()) result.push_back(std::move(family[i]));
    }
  }
  return result;
}

class Attempts {
 public:
  Attempts(std::string host, std::uint16_t port, TcpConnectOptions options)
      : host_(std::move(host)), port_(port), options_(std::move(options)) {}
  Attempts(const Attempts&) = delete;
  Attempts& operator=(const Attempts&) = delete;

  Deferred<Stream> run() {
    tries_ = tries_for(in_turn(co_await resolve(host_, port_, options_.timeout)));
    std::size_t begun = 0;
    while (true) {
      if (begun < tries_.size()) begin(tries_[begun++]);
      while (!winner_ && !std::exchange(one_failed_, false)) {
        auto [news, promise] = make_deferred<void>();
        news_.emplace(std::move(promise));
        if (begun == tries_.size()) {
          co_await std::move(news);
          continue;
        }
        auto told = co_await as_outcome(with_timeout(options_.attempt_delay, std::move(news)));
        if (told) continue;
        if (!told.error().check<TimeoutError>()) co_return std::move(told).error();
        break;
      }
      if (winner_) co_return *std::move(winner_);
      if (begun == tries_.size() && std::ranges::all_of(tries_, &Try::failure_full)) co_return failure();
    }
  }

  /// What was tried, for who waits no longer: "192.0.2.1:80 did not answer; [::1]:80: Connection refused".
  std::string progress() const {
    std::string text;
    for (const auto& each : tries_) {
      if (!each.attempt.pending() && !each.failure) continue;  // not begun
      if (!text.empty()) text += "; ";
      text += each.failure ? each.failure.failure.message() : each.address.str() + " did not answer";
    }
    return text;
  }

 private:
  struct Try {
    SocketAddress address;
    Deferred<void> attempt = succeed();
    FailureSlot failure = {};
    bool failure_full() const noexcept { return static_cast<bool>(failure); }
  };

  std::vector<Try> tries_for(std::vector<SocketAddress> addresses) const {
    std::vector<Try> tries;
    for (auto& address : addresses) {
      if (!options_.bind || options_.bind->is_v6() == address.is_v6()) tries.push_back({.address = std::move(address)});
    }
    if (tries.empty()) {
      throw ConnectError("cannot connect to " + host_ + ": it has no address of the family of " + options_.bind->str() +
                         ", from which to connect");
    }
    return tries;
  }

  void begin(Try& one) {
    std::optional<SocketAddress> local;
    if (options_.bind) local.emplace(*options_.bind, 0);
    one.attempt = connect_tcp(one.address, std::move(local), options_.tcp).then_outcome([this, &one](Outcome<Stream> end) {
      if (end && !winner_) winner_.emplace(*std::move(end));
      if (!end) one.failure = std::move(end).error();
      if (!end) one_failed_ = true;
      if (auto news = std::exchange(news_, std::nullopt)) news->set_value();
    });
  }

  Failure failure() {
    if (tries_.size() == 1) return tries_.front().failure.take();
    std::string text = "cannot connect to " + host_ + ":" + std::to_string(port_) + " at any of its addresses: " + progress();
    return Failure(ConnectError(text));
  }

  const std::string host_;
  const std::uint16_t port_;
  const TcpConnectOptions options_;
  std::vector<Try> tries_;
  std::optional<Stream> winner_;
  bool one_failed_ = false;  // since somebody looked
  std::optional<Promise<void>> news_;  // somebody waits to hear of an end
};

}  // namespace

Deferred<Stream> connect_tcp(std::string host, std::uint16_t port, TcpConnectOptions options) {
  const Duration limit = options.timeout;
  std::string doing = "connecting to " + host + ":" + std::to_string(port);
  Attempts attempts(std::move(host), port, std::move(options));
  auto end = co_await as_outcome(with_timeout(limit, attempts.run()));
  if (end) co_return *std::move(end);
  Failure failure = std::move(end).error();
  if (failure.check<TimeoutError>()) {
    const std::string tried = attempts.progress();
    failure.note(tried.empty() ? doing : doing + " (" + tried + ")");
  }
  co_return failure;
}

}  // namespace torc
