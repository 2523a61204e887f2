#include "http/client_exchange.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/codec/http1_limits.hpp>

#include <cstring>
#include <utility>

namespace torc::http {

namespace {

namespace wire = codec::http1;

// How much content there may be is for who reads it to say: it is never collected here.
constexpr wire::Limits kLimits{.body = UINT64_MAX};

ProtocolError not_http(wire::Error error) {
  return ProtocolError("the response is not valid HTTP: " + std::string(wire::describe(error)));
}

}  // namespace

ClientExchange::ClientExchange(std::shared_ptr<ClientRequest> request, std::string head, ConnectionPool::Lease lease,
                               Duration stall_timeout, std::string what)
    : request_(std::move(request)),
      head_text_(std::move(head)),
      what_(std::move(what)),
      stall_timeout_(stall_timeout),
      lease_(std::move(lease)),
      parser_(kLimits) {}

Deferred<wire::ResponseHead> ClientExchange::perform() {
  parser_.expect_response_to(request_->method);
  sending_.emplace(send_request(lease_->stream(), head_text_, *request_).then_outcome([this](Outcome<bool> sent) {
    if (sent) {
      sent_ = *sent;
    } else if (lease_) {
      content_failure_ = std::move(sent).error();
      lease_->stream().abort();  // whoever waits for the response is told
    }
  }));
  while (!parse_head()) {
    auto bytes = co_await as_outcome(lease_->stream().read_some());
    if (content_failure_) co_return content_failure_.take();
    if (!bytes) co_return std::move(bytes).error();
    if (!*bytes) co_return cut_short();
    answered_ = true;
    received_ = std::move(**bytes);
    parsed_ = 0;
  }
  head_read_ = true;
  keep_alive_ = parser_.head().keep_alive();
  if (parser_.head().framing() == wire::Framing::kLength) left_ = parser_.head().content_length();
  if (parser_.head().framing() == wire::Framing::kNone) left_ = 0;
  co_return parser_.take_head();
}

// True when the head is complete; reads on otherwise.
bool ClientExchange::parse_head() {
  for (;;) {
    std::string_view input = received_.view().substr(parsed_);
    const auto event = parser_.next(input);
    parsed_ = received_.size() - input.size();
    switch (event) {
      case wire::Event::kInterim: continue;
      case wire::Event::kNeedMore: return false;
      case wire::Event::kHead: break;
      default: throw not_http(parser_.error());
    }
    if (parser_.head().status() == status::kSwitchingProtocols) {
      throw ProtocolError("the server switched to another protocol, which it was not asked to");
    }
    return true;
  }
}

bool ClientExchange::may_repeat(const Failure& failure) const noexcept {
  return !answered_ && failure.check<ConnectionClosed>() && request_->idempotent() && !request_->has_content();
}

void ClientExchange::reconnect(Stream stream) {
  sending_.reset();
  lease_->connect(std::move(stream));
  parser_ = wire::ResponseParser(kLimits);
  sent_ = false;
}

std::optional<std::string> ClientExchange::whole_content() {
  decode().value();
  if (!ended_) return std::nullopt;
  end();
  return received_.str();
}

// Takes the framing off what was received, where it lies, and sees where the response ends.
Outcome<void> ClientExchange::decode() {
  std::string_view input = received_.view().substr(parsed_);
  std::size_t size = 0;
  for (;;) {
    const auto event = parser_.next(input);
    if (event == wire::Event::kBody) {
      // Never ahead of what is still to be parsed.
      std::memmove(received_.data() + size, parser_.body().data(), parser_.body().size());
      size += parser_.body().size();
      continue;
    }
    received_.resize(size);
    if (event == wire::Event::kNeedMore) return {};
    if (event != wire::Event::kEnd) return Failure(not_http(parser_.error()));
    ended_ = true;
    // Bytes behind the response are nobody's: they must not pass for the next one.
    keep_alive_ = keep_alive_ && input.empty();
    return {};
  }
}

Deferred<std::optional<Bytes>> ClientExchange::read_some() {
  if (failure_) return fail<std::optional<Bytes>>(failure_.failure);
  if (!received_.empty()) return succeed(hand_over());
  if (ended_) return succeed(std::optional<Bytes>());
  return receive();
}

Deferred<std::optional<Bytes>> ClientExchange::receive() {
  do {
    auto bytes = co_await as_outcome(with_timeout(stall_timeout_, lease_->stream().read_some()));
    if (!bytes) co_return broken(std::move(bytes).error());
    if (!*bytes) {
      if (parser_.finish() != wire::Event::kEnd) co_return broken(cut_short());
      ended_ = true;
    } else {
      received_ = std::move(**bytes);
      parsed_ = 0;
      if (auto decoded = decode(); !decoded) co_return broken(std::move(decoded).error());
    }
  } while (received_.empty() && !ended_);
  if (ended_) end();
  co_return hand_over();
}

std::optional<Bytes> ClientExchange::hand_over() noexcept {
  if (received_.empty()) return std::nullopt;
  taken_ += received_.size();
  if (left_) *left_ -= received_.size();
  return std::exchange(received_, Bytes());
}

// The response is complete: the connection may serve another request if all was sent and it is clean.
void ClientExchange::end() {
  if (!sent_ || !keep_alive_) return close();
  auto lease = *std::move(lease_);
  lease_.reset();
  std::move(lease).keep();
}

void ClientExchange::close() noexcept {
  sending_.reset();
  lease_.reset();
}

// The peer closed before the response was complete.
Failure ClientExchange::cut_short() const {
  const std::string where =
      !answered_    ? "before any of the response"
      : !head_read_ ? "inside the head of the response"
      : left_ ? "after " + std::to_string(taken_) + " of " + std::to_string(taken_ + *left_) + " bytes of the content"
              : "after " + std::to_string(taken_) + " bytes of the content, before its end";
  return Failure(IncompleteRead("the server closed the connection " + where));
}

Failure ClientExchange::broken(Failure failure) {
  // A read that was cancelled has taken nothing; another may follow.
  if (failure.check<Cancelled>()) return failure;
  if (content_failure_) failure = content_failure_.take();
  if (failure.check<TimeoutError>()) failure.note(request_->method + ", waiting for more of the content");
  failure.note(what_);
  failure_ = failure;
  close();
  return failure;
}

}  // namespace torc::http
