#include "http/server_connection.hpp"

#include <torc/codec/http1_writer.hpp>
#include <torc/http/date.hpp>
#include <torc/net/errors.hpp>

#include <algorithm>
#include <utility>

namespace torc::http {

namespace http1 = codec::http1;

namespace {

constexpr std::uint64_t kDiscardable = 256 * 1024;   // unread content that is worth keeping a connection for
constexpr std::uint32_t kLingerBytes = 1024 * 1024;  // discarded after the last response, at most
constexpr Duration kLingerTime = std::chrono::seconds(2);

}  // namespace

std::int64_t ServerContext::wall_seconds() const noexcept {
  return std::chrono::floor<std::chrono::seconds>(scheduler.wall_now()).time_since_epoch().count();
}

const std::string& ServerContext::date() {
  // The wall clock is read once a second; the scheduler's has been read this turn anyway.
  if (scheduler.now() >= date_good_until) {
    const auto wall = scheduler.wall_now();
    const auto second = std::chrono::floor<std::chrono::seconds>(wall);
    date_good_until = scheduler.now() + (second + std::chrono::seconds(1) - wall);
    date_line = "Date: ";
    append_http_date(date_line, second.time_since_epoch().count());
    date_line += "\r\n";
  }
  return date_line;
}

ServerConnection::ServerConnection(std::shared_ptr<ServerContext> context) noexcept
    : context_(std::move(context)), parser_(context_->options.limits) {}
ServerConnection::~ServerConnection() = default;

void ServerConnection::connection_made() {
  // A client that connects and says nothing gets the time of a head.
  set_deadline(context_->options.head_timeout);
}

void ServerConnection::data_received(std::string_view data) {
  if (lingering_) {
    discarded_ += static_cast<std::uint32_t>(std::min<std::size_t>(data.size(), kLingerBytes));
    if (discarded_ >= kLingerBytes) transport().close();
    return;
  }
  if (!held_.empty()) return hold(data);
  const auto cork = transport().cork();
  parse(data);
}

bool ServerConnection::may_parse() const noexcept {
  if (lingering_) return false;
  if (!exchange_) return !full_;
  return !exchange_->content_complete() && exchange_->wants_content();
}

// Takes what `input` holds for as long as somebody wants it, and holds back the rest.
void ServerConnection::parse(std::string_view input) {
  parsing_ = true;
  while (may_parse()) {
    if (!exchange_) {
      if (input.empty()) break;  // the memory of a head stays with the server, not with an idle connection
      parser_.recycle(std::move(context_->spare_head));
    }
    const std::size_t before = input.size();
    const auto event = parser_.next(input);
    if (event == http1::Event::kNeedMore) {
      if (!exchange_ && !inside_head_ && input.size() != before) {
        inside_head_ = true;
        set_deadline(context_->options.head_timeout);
      }
      break;
    }
    switch (event) {
      case http1::Event::kHead:
        begin_exchange();
        break;
      case http1::Event::kBody:
        if (!exchange_->responding() || exchange_->done()) set_deadline(context_->options.stall_timeout);
        exchange_->content(parser_.body());
        break;
      case http1::Event::kEnd:
        exchange_->content_ended();
        break;
      default:
        refuse(parser_.error());
        break;
    }
    if (exchange_ && exchange_->over()) finish();
  }
  parsing_ = false;
  if (!input.empty() && !lingering_) hold(input);
}

void ServerConnection::begin_exchange() {
  inside_head_ = false;
  http1::RequestHead head = parser_.take_head();
  const bool has_content = head.framing() != http1::Framing::kNone;
  exchange_ = std::make_unique<Exchange>(*this, std::move(head), has_content);
  if (has_content) {
    set_deadline(context_->options.stall_timeout);
  } else {
    no_deadline();
    std::string_view none;
    static_cast<void>(parser_.next(none));  // its kEnd: the message is complete
  }
  exchange_->start();
}

// A message that is not HTTP, or too large. Its end is unknown, so it is the last.
void ServerConnection::refuse(http1::Error error) {
  const int status = http1::status_for(error);
  if (!exchange_) return refuse(status);
  // In the content, with a handler at work: it is told, and answered for unless its response began.
  exchange_->content_failed(
      Failure(StatusError(status, "the request's content was refused: " + std::string(describe(error)))));
  if (!exchange_->done() && !exchange_->answer_instead(status)) return transport().abort();
  end_exchange();
  linger();
}

void ServerConnection::refuse(int status) {
  Response page = error_page(status);
  const std::string& content = *page.body().in_memory();
  std::string& out = context_->scratch;
  out.clear();
  static_cast<void>(http1::write_status_line(out, status));
  out += context_->date();
  out += "Content-Type: text/html; charset=utf-8\r\nConnection: close\r\n";
  http1::write_content_length(out, content.size());
  http1::write_end_of_head(out);
  out += content;
  transport().write(out);
  log({.status = status, .bytes = content.size()});
  linger();
}

// The response is out and the request is complete: close, or await the next.
void ServerConnection::finish() {
  const bool last = exchange_->last() || draining_;
  end_exchange();
  if (last) return linger();
  set_deadline(context_->options.idle_timeout);
}

void ServerConnection::end_exchange() {
  if (context_->options.access_log) {
    Request& request = exchange_->request();
    std::string line;
    line.append(request.method()).append(" ").append(request.target()).append(" HTTP/1.");
    line += static_cast<char>('0' + request.minor_version());
    log({.request_line = line,
         .status = exchange_->status(),
         .bytes = exchange_->sent(),
         .referer = request.header("Referer").value_or(""),
         .user_agent = request.header("User-Agent").value_or("")});
  }
  context_->spare_head = exchange_->take_head();
  exchange_.reset();
}

// Tells the access log, which is the program's: what it throws concerns no client.
void ServerConnection::log(AccessLogEntry entry) {
  if (!context_->options.access_log) return;
  entry.client = peer_text();
  entry.time = context_->wall_seconds();
  try {
    context_->options.access_log(entry);
  } catch (...) {
    torc::detail::report_unhandled(Failure::current(), "in an access log");
  }
}

void ServerConnection::linger() {
  if (lingering_) return;
  lingering_ = true;
  exchange_.reset();
  held_ = {};
  if (peer_ended_) return transport().close();
  transport().shutdown_write();
  transport().resume_reading();
  last_left_ = 0;
  set_deadline(kLingerTime);
}

void ServerConnection::hold(std::string_view input) {
  held_ += input;
  transport().pause_reading();
}

void ServerConnection::want_content() {
  set_deadline(context_->options.stall_timeout);
  go_on();
}
void ServerConnection::exchange_done() { go_on(); }

// Something changed that may let parsing go on.
void ServerConnection::go_on() {
  if (parsing_) return;
  const auto cork = transport().cork();
  if (exchange_ && exchange_->over()) finish();
  if (lingering_) return;
  const std::string held = std::exchange(held_, {});
  transport().resume_reading();
  parse(held);
}

bool ServerConnection::can_discard_rest() const noexcept {
  const auto length = exchange_->request().content_length();
  return length && *length <= kDiscardable;
}

const std::string& ServerConnection::peer_text() {
  if (!peer_text_) {
    const auto peer = transport().peer();
    peer_text_ = std::make_unique<std::string>(peer.is_ip() ? peer.unmapped().ip().str() : peer.str());
  }
  return *peer_text_;
}

void ServerConnection::end_received() {
  peer_ended_ = true;
  if (lingering_ || !exchange_) return transport().close();
  // Half-closed: whoever asked completely still gets the answer.
  draining_ = true;
  if (!exchange_->content_complete() && held_.empty()) {
    exchange_->content_failed(Failure(ConnectionLost("the client ended in the middle of the request's content")));
    transport().abort();
  }
}

void ServerConnection::connection_lost(const Failure&) {
  disarm();
  exchange_.reset();  // drops the handler
}

void ServerConnection::pause_writing() { full_ = true; }

void ServerConnection::resume_writing() {
  full_ = false;
  const auto cork = transport().cork();
  if (exchange_) exchange_->resume_writing();
  if (!exchange_) go_on();
}

void ServerConnection::drain() {
  draining_ = true;
  if (exchange_ || lingering_ || inside_head_) return;
  // A response that is still on its way has the time of any other one.
  transport().unsent() > 0 ? linger() : transport().close();
}

void ServerConnection::set_deadline(Duration limit) noexcept {
  deadline_ = context_->scheduler.after(limit);
  // A later deadline is noticed when the earlier one expires: moving it costs a store.
  if (!armed() || deadline_ < due()) context_->scheduler.arm(*this, deadline_);
}

void ServerConnection::expire() noexcept {
  if (deadline_ == Instant::max()) return;
  if (context_->scheduler.now() < deadline_) return context_->scheduler.arm(*this, deadline_);
  if (transport().unsent() > 0) {
    // Slow is not stalled: progress earns time.
    const auto left = transport().unacknowledged();
    if (left == last_left_) return transport().abort();
    last_left_ = left;
    return set_deadline(context_->options.stall_timeout);
  }
  const auto cork = transport().cork();
  if (lingering_) return transport().close();
  if (exchange_) {
    if (!exchange_->waits_for_client() && !exchange_->done()) return;
    if (!exchange_->answer_instead(status::kRequestTimeout)) transport().abort();
    return;  // an answer given here is the last and has ended the exchange
  }
  inside_head_ ? refuse(status::kRequestTimeout) : transport().close();
}

void Request::set_body_limit(std::uint64_t bytes) noexcept { connection_->set_content_limit(bytes); }

SocketAddress Request::peer() const { return connection_->transport().peer(); }

}  // namespace torc::http
