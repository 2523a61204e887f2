#include "http/exchange.hpp"

#include "http/server_connection.hpp"

#include <torc/base/log.hpp>
#include <torc/codec/http1_writer.hpp>
#include <torc/net/errors.hpp>

#include <charconv>
#include <utility>

namespace torc::http {

namespace http1 = codec::http1;

// The content of a request as its handler sees it. May be moved into a response, or outlive the exchange.
class Exchange::Incoming final : public BodySource {
 public:
  explicit Incoming(Exchange& exchange) : exchange_(&exchange), length_(exchange.request_.head_.content_length()) {
    exchange.incoming_ = this;
  }
  ~Incoming() override {
    if (!exchange_) return;
    exchange_->incoming_ = nullptr;
    exchange_->reader_.reset();
  }
  Deferred<std::optional<Bytes>> read_some() override {
    if (!exchange_) return fail<std::optional<Bytes>>(ConnectionLost("the request's connection is gone"));
    return exchange_->read_content();
  }
  std::optional<std::uint64_t> length() const override { return length_; }
  void orphan() noexcept { exchange_ = nullptr; }

 private:
  Exchange* exchange_;
  std::optional<std::uint64_t> length_;
};

Exchange::Exchange(ServerConnection& connection, http1::RequestHead head, bool has_content)
    : connection_(connection), complete_(!has_content) {
  request_.head_ = std::move(head);
  request_.connection_ = &connection;
  if (has_content) request_.body_ = Body(std::unique_ptr<BodySource>(std::make_unique<Incoming>(*this)));
}

Exchange::~Exchange() {
  if (incoming_) incoming_->orphan();
}

http1::RequestHead Exchange::take_head() noexcept { return std::move(request_.head_); }

void Exchange::start() {
  Deferred<Response> response = [&] {
    try {
      return connection_.context().app.handle(request_);
    } catch (...) {
      return fail<Response>(Failure::current());
    }
  }();
  if (response.fired()) return handler_ended(response.take());
  waiting_ = Waiting::kHandler;
  handler_.emplace(std::move(response));
  (*handler_->slot())->set_waiter(this);
}

void Exchange::inner_fired(torc::detail::Operation&) noexcept {
  // Corked, the connection and we stay until this returns.
  const auto cork = connection_.transport().cork();
  if (std::exchange(waiting_, Waiting::kNothing) == Waiting::kHandler) {
    Outcome<Response> outcome = handler_->take();
    handler_.reset();
    handler_ended(std::move(outcome));
  } else {
    Outcome<std::optional<Bytes>> piece = pull_->take();
    pull_.reset();
    if (send_piece(std::move(piece))) pull();
  }
}

void Exchange::handler_ended(Outcome<Response>&& outcome) {
  if (outcome) return respond(*std::move(outcome));
  Failure& failure = outcome.error();
  const auto doing = [this] { return "answering " + std::string(request_.method()) + " " + std::string(request_.target()); };
  if (const auto* error = failure.get<StatusError>()) {
    if (log::enabled(LogLevel::kDebug)) log::debug("http", doing() + ": " + error->what());
    return respond(error_page(error->status()));
  }
  if (failure.check<BodyTooLarge>()) return respond(error_page(status::kContentTooLarge));
  if (!failure.check<ConnectionClosed, Cancelled, ReactorStopped>()) {
    torc::detail::report_unhandled(failure.note(doing()), "in a request handler (answered with 500)");
  }
  respond(error_page(status::kInternalServerError));
}

bool Exchange::answer_instead(int status) {
  if (responding_) return false;
  handler_.reset();
  waiting_ = Waiting::kNothing;
  last_ = true;
  respond(error_page(status));
  return true;
}

void Exchange::respond(Response&& response) {
  responding_ = true;
  response_.emplace(std::move(response));
  Body& body = response_->body();
  if (!complete_ && body.source() != incoming_) {
    // Nobody will read the rest of the request.
    discarding_ = true;
    if (!connection_.can_discard_rest()) last_ = true;
  }
  if (request_.head_.expect_continue() && !complete_ && !continue_sent_) last_ = true;
  const int status = response_->status();
  if (!is_valid_status(status) || is_interim(status)) {
    torc::detail::report_unhandled(Failure(Error("a handler answered with status " + std::to_string(status))),
                                   "in a request handler (answered with 500)");
    response_.emplace(error_page(status::kInternalServerError));
  }
  const bool has_body = !forbids_content(response_->status());
  const auto length = has_body ? body.length() : std::nullopt;
  send_head(has_body, length);
  if (!has_body || request_.method() == "HEAD") return complete();

  Transport& transport = connection_.transport();
  if (const auto* text = body.in_memory()) {
    sent_ = text->size();
    transport.write(*text);
    return complete();
  }
  if (auto* region = body.in_file()) {
    sent_ = region->length;
    transport.write_file(std::move(region->file), region->offset, region->length);
    return complete();
  }
  promised_ = chunked_ ? std::nullopt : length;
  pull();
}

void Exchange::send_head(bool has_body, std::optional<std::uint64_t> length) {
  const bool persistent = request_.head_.keep_alive() && !connection_.draining();
  chunked_ = has_body && !length && request_.head_.minor_version() == 1;
  // HTTP/1.0 has no chunks: the end of the connection ends the content.
  last_ = last_ || !persistent || (has_body && !length && !chunked_);

  std::string& out = connection_.context().scratch;
  out.clear();
  static_cast<void>(http1::write_status_line(out, response_->status()));
  out += connection_.context().date();
  if (response_->type_) {
    out += "Content-Type: ";
    out += response_->type_;
    out += "\r\n";
  }
  for (const auto& [name, value] : response_->headers_) {
    // Framing is ours to decide. A response to HEAD may say a length it does not send.
    if (equal_names(name, "transfer-encoding") || equal_names(name, "connection") || equal_names(name, "date")) continue;
    if (equal_names(name, "content-length")) {
      if (request_.method() == "HEAD" && length == 0) length = std::nullopt;
      else continue;
    }
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  if (has_body && length) {
    http1::write_content_length(out, *length);
  } else if (chunked_) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (last_) {
    out += "Connection: close\r\n";
  } else if (request_.head_.minor_version() == 0) {
    out += "Connection: keep-alive\r\n";
  }
  http1::write_end_of_head(out);
  connection_.transport().write(out);
}

// Sends the pieces of a streamed body for as long as they are there and the transport takes them.
void Exchange::pull() {
  while (!connection_.transport().full()) {
    auto piece = [&] {
      try {
        return response_->body().read_some();
      } catch (...) {
        return fail<std::optional<Bytes>>(Failure::current());
      }
    }();
    if (piece.pending()) {
      waiting_ = Waiting::kPiece;
      pull_.emplace(std::move(piece));
      (*pull_->slot())->set_waiter(this);
      if (!waits_for_client()) connection_.no_deadline();  // else its content is what we send
      return;
    }
    if (!send_piece(piece.take())) return;
  }
  connection_.stalls_after(connection_.context().options.stall_timeout);
}

// False when there is nothing more to send.
bool Exchange::send_piece(Outcome<std::optional<Bytes>> piece) {
  Transport& transport = connection_.transport();
  if (!piece) {
    // The head is out: all that is left is to show that the content is cut.
    if (!piece.error().check<ConnectionClosed, Cancelled>()) {
      torc::detail::report_unhandled(piece.error(), "in a streamed response, whose connection is aborted");
    }
    return cut();
  }
  std::string& out = connection_.context().scratch;
  out.clear();
  if (!*piece) {
    if (promised_ && sent_ != *promised_) return cut();
    if (chunked_) {
      static_cast<void>(http1::write_last_chunk(out));
      transport.write(out);
    }
    return complete(), false;
  }
  const Bytes& bytes = **piece;
  sent_ += bytes.size();
  if (promised_ && sent_ > *promised_) return cut();
  if (!chunked_) {
    transport.write(bytes);
    return true;
  }
  http1::write_chunk_header(out, bytes.size());
  out += bytes;
  http1::write_chunk_end(out);
  transport.write(out);
  return true;
}

// What was promised cannot be kept: the client must not take what it got for the whole.
bool Exchange::cut() {
  done_ = last_ = true;
  connection_.transport().abort();
  return false;
}

void Exchange::complete() {
  done_ = true;
  if (!over()) connection_.stalls_after(connection_.context().options.stall_timeout);  // the rest of the request
  connection_.exchange_done();
}

void Exchange::resume_writing() {
  if (responding_ && !done_ && waiting_ == Waiting::kNothing) pull();
}

Deferred<std::optional<Bytes>> Exchange::read_content() {
  using Piece = std::optional<Bytes>;
  if (reader_ && reader_->wanted()) return fail<Piece>(Error("two reads at once on one request's content"));
  if (piece_) {
    Piece piece = std::exchange(piece_, std::nullopt);
    return succeed(std::move(piece));
  }
  if (discarding_) return fail<Piece>(ConnectionLost("the request has been answered without this content"));
  if (content_failure_) return fail<Piece>(content_failure_.failure);
  if (complete_) return succeed(Piece());
  if (request_.head_.expect_continue() && !continue_sent_ && !responding_) {
    continue_sent_ = true;
    connection_.transport().write("HTTP/1.1 100 Continue\r\n\r\n");
  }
  auto [deferred, promise] = make_deferred<Piece>();
  reader_ = std::move(promise);
  connection_.want_content();
  return std::move(deferred);
}

void Exchange::content(std::string_view piece) {
  if (discarding_) return;
  if (reader_ && reader_->wanted()) {
    std::exchange(reader_, std::nullopt)->set_value(std::optional<Bytes>(Bytes(piece)));
  } else {
    piece_.emplace(piece);
  }
}

void Exchange::content_ended() {
  complete_ = true;
  if (reader_ && reader_->wanted()) std::exchange(reader_, std::nullopt)->set_value(std::optional<Bytes>());
}

void Exchange::content_failed(Failure failure) {
  content_failure_ = failure;
  if (reader_ && reader_->wanted()) std::exchange(reader_, std::nullopt)->set_error(std::move(failure));
}

}  // namespace torc::http
