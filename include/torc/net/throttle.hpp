// Throttle: a connection that moves no more bytes than its token buckets give it.
//
//   PortOptions{.layers = {throttle({.connection = {.in = {1'000'000}, .out = {1'000'000}},
//                                    .peer = {.out = {4'000'000}},
//                                    .all = {.out = {50'000'000}}})}}
//
//   auto bucket = std::make_shared<TokenBucket>(Rate{100'000});         // one for all of these
//   co_await stream.upgrade(std::make_unique<Throttle>(nullptr, bucket));
//
// Input is held back by not reading: the peer is slowed down, and nothing is stored. Output waits in a queue with the marks
// and the limit of any transport; file regions go out piece by piece. As the lowest layer, on the socket, it never takes
// more than it is given; above one that gives it more at once (TLS) it lets that pass and waits the longer.
#pragma once

#include <torc/net/layer.hpp>
#include <torc/net/token_bucket.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace torc {

class Throttle : public Layer, private detail::Posted, private detail::Timer {
 public:
  /// Null: no limit that way. `options` are those of the queue; copied.
  Throttle(std::shared_ptr<TokenBucket> in, std::shared_ptr<TokenBucket> out, TransportOptions options = {});

  void connection_made() override;
  void data_received(std::string_view data) override;
  void connection_lost(const Failure& reason) override;
  void pause_writing() override;
  void resume_writing() override;
  std::size_t max_read() const noexcept override;

  void write(std::string_view data) noexcept override;
  void write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept override;
  std::uint64_t unsent() const noexcept override;
  std::uint64_t unacknowledged() const noexcept override;
  bool full() const noexcept override { return full_; }
  void close() noexcept override;
  void abort() noexcept override;
  void shutdown_write() noexcept override;
  bool closing() const noexcept override { return closing_ || Layer::closing(); }
  void pause_reading() noexcept override;
  void resume_reading() noexcept override;

 protected:
  /// For a layer that knows its buckets only when it is connected: before connection_made() here.
  void set_buckets(std::shared_ptr<TokenBucket> in, std::shared_ptr<TokenBucket> out) noexcept;

 private:
  // One direction: what it may move now, and its place in line for more.
  struct Flow final : detail::Taker {
    explicit Flow(Throttle& throttle) noexcept : throttle(throttle) {}
    std::uint64_t offered(std::uint64_t most) noexcept override;
    bool may_move(std::uint64_t most) noexcept;
    Throttle& throttle;
    std::shared_ptr<TokenBucket> bucket;
    std::uint64_t credit = 0;
  };
  // Bytes, or where they lie in a file.
  struct Piece {
    std::string bytes;
    UniqueFd file;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;  // that is left
  };

  void run() noexcept override;
  void expire() noexcept override;
  void go_on() noexcept;
  void update_reading() noexcept;
  void send_queued() noexcept;
  void send_some(Piece& piece, std::uint64_t count);
  void queue(std::string_view bytes, UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept;
  void update_full() noexcept;
  void over(const char* why) noexcept;

  const TransportOptions options_;
  Scheduler* scheduler_ = nullptr;
  Flow in_{*this};
  Flow out_{*this};
  std::deque<Piece> queue_;
  std::uint64_t queued_ = 0;         // bytes of it
  std::uint64_t queued_memory_ = 0;  // those that are not of files
  std::uint64_t moved_ = 0;          // sent when the close limit was set
  bool below_full_ = false;
  bool full_ = false;       // above knows
  bool resuming_ = false;   // resume_writing() above is on the stack
  bool wants_ = true;       // above wants bytes
  bool closing_ = false;
  bool shutting_ = false;
  FailureSlot reason_;      // why we cut it
};

struct Rates {
  Rate in = {};
  Rate out = {};
};

/// Each may be left out. Peers are told apart by IPv4 address or the first 64 bits of the IPv6 one.
struct ThrottleOptions {
  Rates connection = {};
  Rates peer = {};
  Rates all = {};
};

/// Throttles for the connections of a port, with buckets by connection, by peer and for all.
std::shared_ptr<LayerFactory> throttle(ThrottleOptions options);

}  // namespace torc
