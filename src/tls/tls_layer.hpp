// TlsLayer: an Engine between a connection and its protocol.
//
//   shaking hands ──▶ up ──close()──▶ closing: what is pending, close_notify, until the peer has ended ──▶ closed below
//        └────────────┴── failure, abort(), a limit ──▶ closed below at once
//
// What is written goes encrypted to what is below at once, which queues and bounds it; only what is written before the
// handshake is done, and files, wait here, as plaintext, and are encrypted while what is below is not full. While what
// is above does not read, what is below does not either, so ciphertext stays in the kernel.
//
// A call from above may reach code that destroys the owner of the connection: a cork keeps it until the call is over.
#pragma once

#include "tls/engine.hpp"
#include "tls/pending.hpp"

#include <torc/async/scheduler.hpp>
#include <torc/net/layer.hpp>

#include <memory>
#include <string>

namespace torc::tls::detail {

class TlsLayer final : public Layer {
 public:
  /// Throws TlsConfigurationError.
  TlsLayer(std::shared_ptr<const Context> context, std::string host);
  ~TlsLayer() override;

  const Engine& engine() const noexcept { return engine_; }

  void connection_made() override;
  void data_received(std::string_view data) override;
  void end_received() override;
  void connection_lost(const Failure& reason) override;
  void pause_writing() override;
  void resume_writing() override;
  void drain() override;
  bool reads_while_full() const noexcept override;

  void write(std::string_view data) noexcept override;
  void write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept override;
  std::uint64_t unsent() const noexcept override;
  std::uint64_t unacknowledged() const noexcept override;
  bool full() const noexcept override { return full_; }
  void close() noexcept override;
  void abort() noexcept override;
  void shutdown_write() noexcept override;
  void pause_reading() noexcept override;
  void resume_reading() noexcept override;

 protected:
  void begin_cork() noexcept override;
  void end_cork() noexcept override;

 private:
  struct Limit;
  struct Waiting;

  bool over() const noexcept { return static_cast<bool>(reason_); }
  void receive(std::string_view data);
  void became_up();
  void encrypt(std::string_view data) noexcept;
  template <class Add>
  void wait(Add add) noexcept;
  void pump() noexcept;
  void check_marks() noexcept;
  void send_gathered() noexcept;
  void finish_writing() noexcept;
  void linger() noexcept;
  void late() noexcept;
  void fail(Failure reason, bool tell_peer) noexcept;

  Engine engine_;
  std::unique_ptr<Waiting> waiting_;
  std::unique_ptr<Limit> limit_;
  std::size_t unread_answers_ = 0;
  std::uint16_t corks_ = 0;
  FailureSlot reason_;  // ours, in place of the one from below
  bool full_ : 1 = false;
  bool paused_ : 1 = false;  // what is above wants no bytes
  bool shutting_ : 1 = false;  // no more is taken from above: shutdown_write() or close()
  bool finished_ : 1 = false;  // close_notify went out
  bool closing_ : 1 = false;
  bool pumping_ : 1 = false;
};

}  // namespace torc::tls::detail
