// Engine: one end of TLS as a pure state machine. Bytes in, bytes out; no socket, no clock, no callback.
//
//             ┌──────────── handshake() ────────────┐
//   receive() │ shaking hands ──done──▶ open ──▶ peer ended (its close_notify came: no more plaintext)
//             └─────────┴──────── failed() ◀────────┘            finish() may come at any time when open
//
// What a call decrypts and what it wants sent go into scratches of the caller. All ciphertext is taken at once: what is
// left of an unfinished record lies in OpenSSL's own buffer, which it gives back when the record is whole. Nothing of
// the user's runs below these calls (semantics, rule 4).
#pragma once

#include "tls/context.hpp"
#include "tls/scratch.hpp"

#include <torc/base/failure.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace torc::tls::detail {

class Engine {
 public:
  /// A client's end has `host` for its peer. Throws TlsConfigurationError.
  Engine(std::shared_ptr<const Context> context, std::string host);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Takes what came from the peer: appends to `plain` what it says, to `out` what is to be sent. With nothing, begins.
  void receive(std::string_view ciphertext, Scratch& plain, Scratch& out);
  /// Appends `plain` to `out`, encrypted. Only when open.
  void encrypt(std::string_view plain, Scratch& out);
  /// Appends the close_notify that vouches for our end. Only when open, and once.
  void finish(Scratch& out);

  bool handshaking() const noexcept { return !open_; }
  /// The peer's close_notify came.
  bool peer_ended() const noexcept { return peer_ended_; }
  /// Over, for this reason; an alert that tells the peer was put out.
  const FailureSlot& failed() const noexcept { return failure_; }

  const std::string& host() const noexcept { return host_; }
  const Context& context() const noexcept { return *context_; }
  SSL* ssl() const noexcept { return ssl_.get(); }

 private:
  friend struct EngineBio;
  bool look_at_hello(std::string_view& ciphertext, std::string& held);
  void shake_hands();
  void read(Scratch& plain);
  void fail();

  std::shared_ptr<const Context> context_;
  std::string host_;
  SslPtr ssl_;
  FailureSlot failure_;
  std::string first_;  // of a server: what came while it was less than the head of a ClientHello
  // During a call: what OpenSSL reads, and where it writes.
  std::string_view input_;
  Scratch* output_ = nullptr;
  bool hello_seen_;
  bool open_ = false;
  bool peer_ended_ = false;
};

}  // namespace torc::tls::detail
