// For tests: a transport whose other end is the test itself, on any scheduler.
#pragma once

#include <torc/net/errors.hpp>
#include <torc/net/layer.hpp>
#include <torc/net/protocol.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace torc {

// Made with new; ends with drop(), at once or when the last call into its protocol has returned.
class ScriptedTransport final : public Transport {
 public:
  std::string written;              // what the protocol has sent
  std::size_t room = SIZE_MAX;      // bytes it takes before it is full
  std::uint64_t waiting = 0;        // bytes of it that the peer has not taken
  std::string ended;                // "closed", "aborted", "shut down", in the order of the calls
  SocketAddress address{IpAddress::loopback_v4(), 1};

  void deliver(std::string_view data) {
    const auto busy = cork();
    while (!data.empty() && reading_ && protocol_ && !closing_) {
      const auto piece = data.substr(0, protocol_->max_read());
      data.remove_prefix(piece.size());
      protocol_->data_received(piece);
    }
    unread += data;
  }
  // What came and was not wanted yet, if it is wanted now.
  void deliver_unread() { deliver(std::exchange(unread, {})); }
  void end() {
    const auto busy = cork();
    protocol_->end_received();
  }
  void lose(const Failure& reason = Failure(ConnectionLost("connection lost: by the test"))) {
    const auto busy = cork();
    closing_ = true;
    if (protocol_) protocol_->connection_lost(reason);
  }
  // The peer takes all, and there is room for more.
  void take(std::size_t more = SIZE_MAX) {
    const auto busy = cork();
    waiting = 0;
    room = more;
    if (std::exchange(full_, false) && protocol_) protocol_->resume_writing();
  }
  void drop() noexcept {
    dropped_ = closing_ = true;
    if (corks_ == 0) delete this;
  }
  bool reading() const noexcept { return reading_; }
  Protocol* protocol() noexcept { return protocol_; }

  std::string unread;

  void write(std::string_view data) noexcept override {
    if (closing_) return;
    written += data;
    waiting += data.size();
    room -= std::min(room, data.size());
    if (room > 0 || std::exchange(full_, true)) return;
    const auto busy = cork();
    if (protocol_) protocol_->pause_writing();
  }
  void write_file(UniqueFd, std::uint64_t offset, std::uint64_t length) noexcept override {
    write("<" + std::to_string(offset) + "+" + std::to_string(length) + ">");
  }
  std::uint64_t unsent() const noexcept override { return waiting; }
  std::uint64_t unacknowledged() const noexcept override { return waiting; }
  bool full() const noexcept override { return full_; }
  void close() noexcept override { finish("closed"); }
  void abort() noexcept override { finish("aborted"); }
  void shutdown_write() noexcept override { ended += ended.empty() ? "shut down" : ", shut down"; }
  bool closing() const noexcept override { return closing_; }
  void pause_reading() noexcept override { reading_ = false; }
  void resume_reading() noexcept override { reading_ = true; }
  SocketAddress peer() const override { return address; }
  SocketAddress local() const override { return address; }

 private:
  ~ScriptedTransport() { destroy_protocol(); }
  void finish(const char* how) noexcept {
    closing_ = true;
    ended += ended.empty() ? how : std::string(", ") + how;
  }
  void protocol_started() override {
    const auto busy = cork();
    reading_ = true;
    protocol_->connection_made();
  }
  void begin_cork() noexcept override { ++corks_; }
  void end_cork() noexcept override {
    if (--corks_ == 0 && dropped_) delete this;
  }

  int corks_ = 0;
  bool reading_ = true;
  bool full_ = false;
  bool closing_ = false;
  bool dropped_ = false;
};

}  // namespace torc
