// ServerConnection: one client of the HTTP server.
//
//   reading    no exchange: between requests, or inside a head
//   answering  a request's handler runs, or its response is being sent; its content may still come.
//              Bytes beyond what the handler wants are held back, and reading pauses: that is both
//              pipelining in order and the back-pressure on uploads.
//   lingering  the last response is out; what still comes is discarded until the client closes, so that
//              closing does not destroy the response on its way (RFC 9112 §9.6)
//
// The transport owns it. An idle one is this object, the transport's, and no buffer.
#pragma once

#include "http/exchange.hpp"

#include <torc/async/timer_wheel.hpp>
#include <torc/codec/http1_parser.hpp>
#include <torc/http/server.hpp>
#include <torc/net/protocol.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace torc::http {

/// What the connections of a server share.
struct ServerContext {
  ServerContext(Router app, ServerOptions options, Scheduler& scheduler)
      : app(std::move(app)), options(std::move(options)), scheduler(scheduler) {}

  Router app;
  ServerOptions options;
  Scheduler& scheduler;
  codec::http1::RequestHead spare_head;  // memory of the last head, for the next
  std::string scratch;                   // where heads are put together
  std::string date_line;                 // "Date: ...\r\n"
  Instant date_good_until{};

  std::int64_t wall_seconds() const noexcept;
  /// The Date field for now (RFC 9110 §6.6.1).
  const std::string& date();
};

class ServerConnection final : public Protocol, private torc::detail::Timer {
 public:
  explicit ServerConnection(std::shared_ptr<ServerContext> context) noexcept;
  ~ServerConnection() override;

  // For the exchange.

  ServerContext& context() noexcept { return *context_; }
  /// The handler reads the content: parse what is held back, and read on.
  void want_content();
  /// The exchange's response is handed over entirely.
  void exchange_done();
  /// Content the handler has not read when its response begins: true when it is little enough to be
  /// read and discarded, so that the connection can be kept.
  bool can_discard_rest() const noexcept;
  bool draining() const noexcept { return draining_; }
  void set_content_limit(std::uint64_t bytes) noexcept { parser_.set_body_limit(bytes); }
  void stalls_after(Duration limit) noexcept { set_deadline(limit); }
  void no_deadline() noexcept { deadline_ = Instant::max(); }
  const std::string& peer_text();

 private:
  void connection_made() override;
  void data_received(std::string_view data) override;
  void end_received() override;
  void connection_lost(const Failure& reason) override;
  void pause_writing() override;
  void resume_writing() override;
  void drain() override;
  void expire() noexcept override;

  void parse(std::string_view input);
  bool may_parse() const noexcept;
  void hold(std::string_view input);
  void go_on();
  void begin_exchange();
  void refuse(codec::http1::Error error);
  void refuse(int status);
  void end_exchange();
  void log(AccessLogEntry entry);
  void finish();
  void linger();
  void set_deadline(Duration limit) noexcept;

  std::shared_ptr<ServerContext> context_;  // shared: a handler may destroy the server it serves
  codec::http1::RequestParser parser_;
  std::unique_ptr<Exchange> exchange_;
  std::string held_;  // received, not yet parsed
  std::unique_ptr<std::string> peer_text_;
  Instant deadline_ = Instant::max();
  std::uint64_t last_left_ = 0;  // unacknowledged at the last deadline
  std::uint32_t discarded_ = 0;
  bool parsing_ : 1 = false;
  bool inside_head_ : 1 = false;  // a request's first bytes are here
  bool draining_ : 1 = false;     // no request after this one
  bool lingering_ : 1 = false;
  bool full_ : 1 = false;         // the client does not take its responses
  bool peer_ended_ : 1 = false;
};

}  // namespace torc::http
