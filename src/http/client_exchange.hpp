// ClientExchange: one request on one connection, its response, and the response's content as it is read.
//
//   perform()    sends the request and, meanwhile, waits for the head: a server may answer before it has
//                read everything, and must not find us deaf
//   read_some()  the content, pulled from the connection piece by piece
//
// Holds the lease of the connection until the end of the content, then gives the connection back if
// another request may follow, or until it fails or is destroyed, which closes it. Sending goes on while
// the content is read, as a server that answers piece by piece what it is sent needs.
#pragma once

#include "http/client_pool.hpp"
#include "http/client_request.hpp"

#include <torc/codec/http1_parser.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace torc::http {

class ClientExchange final : public BodySource {
 public:
  /// `head` is that of `request`, `lease` is connected. `what` is said before what goes wrong with the
  /// content of the response.
  ClientExchange(std::shared_ptr<ClientRequest> request, std::string head, ConnectionPool::Lease lease,
                 Duration stall_timeout, std::string what);

  /// Sends the request; the head of the response, once it is there and past any interim ones.
  Deferred<codec::http1::ResponseHead> perform();
  /// After perform() has failed: nothing has come back, and asking again does no harm.
  bool may_repeat(const Failure& failure) const noexcept;
  /// Takes another connection, for perform() to be called again.
  void reconnect(Stream stream);

  /// Right after perform(): all of the content, if it came with the head; the exchange is then over.
  /// Throws ProtocolError.
  std::optional<std::string> whole_content();

  Deferred<std::optional<Bytes>> read_some() override;
  std::optional<std::uint64_t> length() const override { return left_; }

 private:
  Deferred<std::optional<Bytes>> receive();
  bool parse_head();
  Outcome<void> decode();
  std::optional<Bytes> hand_over() noexcept;
  void end();
  void close() noexcept;
  Failure cut_short() const;
  Failure broken(Failure failure);

  std::shared_ptr<ClientRequest> request_;
  std::string head_text_;
  std::string what_;
  Duration stall_timeout_;
  std::optional<ConnectionPool::Lease> lease_;  // until the response has ended
  codec::http1::ResponseParser parser_;
  Bytes received_;          // from the connection; behind the head, content that nobody has taken
  std::size_t parsed_ = 0;  // of received_
  std::optional<std::uint64_t> left_;  // content to be taken, when known
  std::uint64_t taken_ = 0;
  FailureSlot failure_;          // of the response
  FailureSlot content_failure_;  // of the content we send
  bool answered_ = false;
  bool head_read_ = false;
  bool keep_alive_ = false;
  bool sent_ = false;
  bool ended_ = false;                     // the response is complete
  std::optional<Deferred<void>> sending_;  // last: it uses the rest
};

}  // namespace torc::http
