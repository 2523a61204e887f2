// DatagramSocketTransport: a datagram socket on a reactor.
//
// States:  open ──close(), the reactor stops──▶ closed ──(next turn)──▶ stopped() was called
//          any ──drop()──▶ deleted, when none of its calls into the protocol is on the stack (`busy_`)
// Owned by the handle that drops it; owns its protocol. What it reads into and gathers in belongs to all
// datagram sockets of the reactor, so an idle one holds nothing.
#pragma once

#include "net/datagram_faults.hpp"
#include "net/datagram_queue.hpp"
#include "net/datagram_receive.hpp"
#include "net/datagram_send.hpp"
#include "net/datagram_settings.hpp"

#include <torc/async/promise.hpp>
#include <torc/net/datagram.hpp>
#include <torc/reactor/reactor.hpp>

#include <memory>
#include <vector>

namespace torc {

namespace detail {

/// One for a reactor.
struct DatagramBuffers {
  ReceiveBatch received;
  SendBatch gathered;                         // under a cork of `gathering`
  SendBatch direct;                           // of one call
  const DatagramTransport* gathering = nullptr;
};

}  // namespace detail

class DatagramSocketTransport final : public DatagramTransport,
                                      public detail::Watch,
                                      public detail::Posted,
                                      public detail::Resident,
                                      public detail::Timer {
 public:
  /// Throws SystemError when the socket cannot be watched.
  DatagramSocketTransport(Reactor& reactor, detail::OpenDatagrams open, const DatagramOptions& options);

  /// Connects the two and calls started().
  void start(std::unique_ptr<DatagramProtocol> protocol);
  /// Takes at most so many messages in one system call.
  void set_batch(std::size_t most) noexcept { batch_ = most; }
  bool closed() const noexcept { return !socket_; }
  /// Bytes of a datagram that the address family carries.
  std::size_t largest() const noexcept;
  const SocketAddress& address() const noexcept { return address_; }
  Deferred<void> close_and_wait();
  /// The owner is gone: closes, and deletes itself when it can.
  void drop() noexcept;

  bool send(std::string_view data) noexcept override;
  bool send(std::string_view data, const SocketAddress& to) noexcept override;
  bool send(std::string_view data, const SocketAddress& to, const Arrival& by) noexcept override;
  void connect(const SocketAddress& peer) override;
  void close() noexcept override;
  std::size_t unsent() const noexcept override { return queue_.bytes(); }
  bool full() const noexcept override { return full_; }
  void pause_reading() noexcept override { reading_ = false; }
  void resume_reading() noexcept override;
  SocketAddress local() const override { return detail::name_of(socket_.get(), ::getsockname).unmapped(); }
  SocketAddress peer() const override { return detail::name_of(socket_.get(), ::getpeername).unmapped(); }
  const Arrival& arrival() const noexcept override { return arrival_; }
  DatagramCounts counts() const noexcept override { return counts_; }
  void join(const IpAddress& group, std::string_view interface) override;
  void leave(const IpAddress& group, std::string_view interface) override;
  void set_outgoing_interface(std::string_view interface) override;
  void set_multicast_ttl(int hops) override;
  void set_loopback(bool on) override;
  void set_ttl(int hops) override;
  void set_broadcast(bool on) override;

 private:
  ~DatagramSocketTransport() = default;
  class Busy;

  void ready(detail::Readiness readiness) noexcept override;
  detail::Readiness awaited() const noexcept override { return {.readable = !readable_, .writable = !writable_}; }
  void run() noexcept override;     // a posted turn: go on, tell faults, or tell the end
  void expire() noexcept override;  // time to try again what the socket gives no sign for
  void reactor_stopping() noexcept override;
  void reactor_gone() noexcept override;
  void begin_cork() noexcept override;
  void end_cork() noexcept override;

  void read() noexcept;
  void read_batch() noexcept;
  void deliver(const detail::Received& received) noexcept;
  void take_turn() noexcept;
  detail::Destination destination(const SocketAddress& to) const noexcept;
  bool send(std::string_view data, const detail::Destination& to) noexcept;
  bool transmit(detail::SendBatch& batch) noexcept;
  bool must_wait(int code) noexcept;
  bool queue(std::string_view data, const detail::Destination& to) noexcept;
  bool enqueue(std::string_view data, const detail::Destination& to) noexcept;
  void flush_gathered() noexcept;
  void flush_queue() noexcept;
  void check_marks() noexcept;
  bool read_faults() noexcept;
  void note_fault(detail::DatagramFault fault) noexcept;
  void tell_faults() noexcept;
  void end(Failure reason) noexcept;
  void deliver_end() noexcept;
  template <class F>
  void call(F&& f) noexcept;

  Reactor& reactor_;
  detail::DatagramBuffers& buffers_;
  const DatagramOptions options_;
  std::unique_ptr<DatagramProtocol> protocol_;
  UniqueFd socket_;  // none: closed
  int family_;
  SocketAddress address_;
  detail::DatagramPath path_;
  detail::DatagramQueue queue_;
  std::vector<detail::DatagramFault> faults_;  // still to be told
  std::vector<Promise<void>> closing_;         // who waits for the end
  FailureSlot reason_;
  DatagramCounts counts_;
  Arrival arrival_;
  const SocketAddress* sender_ = nullptr;  // of what is being delivered
  std::size_t batch_ = detail::ReceiveBatch::kMost;
  std::uint16_t busy_ = 0;   // calls into the protocol on the stack, and corks
  std::uint16_t corks_ = 0;
  bool segment_ = false;     // the socket takes several datagrams as one
  bool reading_ = true;      // the protocol wants datagrams
  bool readable_ = true;     // the socket may have some
  bool writable_ = true;
  bool watches_writing_ = false;
  bool retried_ = false;     // what is to be sent next was refused once, perhaps for the fault of one before
  bool in_read_ = false;     // read() is on the stack
  bool full_ = false;        // above high water, not yet back at low
  bool resuming_ = false;    // resume_writing() is on the stack
  bool gathering_ = false;   // sends go to the reactor's gathering batch
  bool told_ = false;        // stopped() was called, or nobody is to be told
  bool dropped_ = false;
};

}  // namespace torc
