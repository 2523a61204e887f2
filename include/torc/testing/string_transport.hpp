// StringTransport: a transport of strings, to test a protocol or a layer without a loop.
//
//   testing::StringTransport transport;
//   transport.start(std::make_unique<Greeter>());
//   transport.feed("HELO me\r\n", 1);                 // one byte a call
//   EXPECT_EQ(transport.take_written(), "250 hello\r\n");
//
// Nothing happens but what the test asks for: what the protocol throws comes out of feed(), and the end is told by lose().
// One thread; needs no scheduler. It owns the protocol that is started on it.
#pragma once

#include <torc/net/errors.hpp>
#include <torc/net/protocol.hpp>
#include <torc/net/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace torc::testing {

class StringTransport final : public Transport {
 public:
  explicit StringTransport(SocketAddress peer = {}, SocketAddress local = {}) : peer_(peer), local_(local) {}
  ~StringTransport() { destroy_protocol(); }

  // What comes from the peer. Nothing does after close(), abort() or lose(); what comes while reading is paused is kept
  // for the next feed(), which may be of nothing.

  /// Gives `data` to the protocol, at most `split` bytes a call.
  void feed(std::string_view data, std::size_t split = SIZE_MAX);
  /// The peer will send no more.
  void end();
  /// The connection is over: tells the protocol, and destroys it. Without a reason the one that close() or abort() gave.
  void lose();
  void lose(const Failure& reason);

  // What the system does.

  /// The queue passes its high-water mark, or falls to the low one.
  void set_full(bool full);

  // What the protocol did.

  /// What was written and not yet taken, the contents of file regions included.
  const std::string& written() const noexcept { return written_; }
  std::string take_written();
  /// How often something left: writes under one cork leave together.
  std::size_t sends() const noexcept { return sends_; }
  bool reading() const noexcept { return reading_; }
  bool closed() const noexcept { return closed_; }
  bool aborted() const noexcept { return aborted_; }
  bool half_closed() const noexcept { return half_closed_; }
  /// lose() was called.
  bool lost() const noexcept { return lost_; }

  void write(std::string_view data) noexcept override;
  void write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept override;
  std::uint64_t unsent() const noexcept override { return full_ ? written_.size() : 0; }
  std::uint64_t unacknowledged() const noexcept override { return unsent(); }
  bool full() const noexcept override { return full_; }
  bool closing() const noexcept override { return closed_ || aborted_; }
  void close() noexcept override { closed_ = true; }
  void abort() noexcept override { aborted_ = true; }
  void shutdown_write() noexcept override { half_closed_ = true; }
  void pause_reading() noexcept override { reading_ = false; }
  void resume_reading() noexcept override { reading_ = true; }
  SocketAddress peer() const override { return peer_; }
  SocketAddress local() const override { return local_; }

 private:
  void protocol_started() override;
  void begin_cork() noexcept override { ++corks_; }
  void end_cork() noexcept override;
  bool over() const noexcept { return closed_ || aborted_ || lost_; }

  SocketAddress peer_, local_;
  std::string written_, kept_;
  std::size_t sends_ = 0;
  int corks_ = 0;
  bool gathered_ = false;  // something was written under the cork
  bool reading_ = true, full_ = false;
  bool closed_ = false, aborted_ = false, half_closed_ = false, lost_ = false;
};

}  // namespace torc::testing
