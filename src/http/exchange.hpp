// Exchange: one request and its response, from the parsed head until the response has been handed to
// the transport. Exists only meanwhile. Waits for the handler, then for each piece of a streamed body.
#pragma once

#include <torc/async/operation.hpp>
#include <torc/async/promise.hpp>
#include <torc/http/request.hpp>
#include <torc/http/response.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace torc::http {

class Exchange final : public torc::detail::Waiter, public torc::detail::Pooled {
 public:
  Exchange(ServerConnection& connection, codec::http1::RequestHead head, bool has_content);
  ~Exchange();

  /// Calls the handler. The response may be sent before this returns.
  void start();
  /// Ends the wait for the handler with a response of our own, if none has begun; false if one has.
  bool answer_instead(int status);

  // The content, as the connection parses it.
  bool content_complete() const noexcept { return complete_; }
  /// True when parsing may go on: somebody waits for content, or nobody will any more.
  bool wants_content() const noexcept { return !piece_ && (discarding_ || (reader_ && reader_->wanted())); }
  bool discarding() const noexcept { return discarding_; }
  void content(std::string_view piece);
  void content_ended();
  void content_failed(Failure failure);

  /// The transport takes more.
  void resume_writing();
  bool responding() const noexcept { return responding_; }
  /// The connection ends after this response.
  bool last() const noexcept { return last_; }
  bool done() const noexcept { return done_; }
  /// Done, and the connection need not see the rest of the request.
  bool over() const noexcept { return done_ && (complete_ || last_); }
  bool waits_for_client() const noexcept { return reader_ && reader_->wanted(); }

  Request& request() noexcept { return request_; }
  codec::http1::RequestHead take_head() noexcept;
  int status() const noexcept { return response_ ? response_->status() : 0; }
  std::uint64_t sent() const noexcept { return sent_; }

 private:
  class Incoming;
  enum class Waiting : std::uint8_t { kNothing, kHandler, kPiece };

  void inner_fired(torc::detail::Operation& inner) noexcept override;
  Deferred<std::optional<Bytes>> read_content();
  void handler_ended(Outcome<Response>&& outcome);
  void respond(Response&& response);
  void send_head(bool has_body, std::optional<std::uint64_t> length);
  void pull();
  bool send_piece(Outcome<std::optional<Bytes>> piece);
  bool cut();
  void complete();

  ServerConnection& connection_;
  Request request_;
  Incoming* incoming_ = nullptr;  // the request's content, wherever it was moved
  std::optional<Promise<std::optional<Bytes>>> reader_;
  std::optional<Bytes> piece_;  // arrived, not wanted yet
  FailureSlot content_failure_;
  std::optional<Response> response_;
  std::optional<Deferred<Response>> handler_;
  std::optional<Deferred<std::optional<Bytes>>> pull_;
  std::uint64_t sent_ = 0;
  std::optional<std::uint64_t> promised_;  // the length in the head of a streamed response
  Waiting waiting_ = Waiting::kNothing;
  bool complete_;  // all content has come
  bool discarding_ = false;
  bool responding_ = false;
  bool chunked_ = false;
  bool last_ = false;
  bool done_ = false;
  bool continue_sent_ = false;
};

}  // namespace torc::http
