// FdTransport: a connected socket, a pair of pipes or a terminal on a reactor.
//
// States:  open ──close()──▶ closing (flushing) ──▶ ended ──(next turn)──▶ connection_lost, deleted
//            └── error, peer's end, abort() ────────▶ ended
// It owns its descriptors and itself, and its protocol unless that is a Stream's. It is a Resident of its
// port, or of the reactor, which can end it. While one of its calls into the protocol is on the stack
// (`busy_`), nothing is deleted.
//
// This one reads and writes when its descriptor is ready. CompletionTransport replaces how bytes come in, and how it
// hears that there is room again; the few virtual functions at the end are where, none on the way of a message.
#pragma once

#include "net/stream_fd.hpp"
#include "net/write_queue.hpp"

#include <torc/net/protocol.hpp>
#include <torc/net/stream.hpp>
#include <torc/net/transport.hpp>
#include <torc/reactor/reactor.hpp>

#include <memory>
#include <string>

namespace torc {

class FdTransport : public Transport, public detail::Watch, public detail::Posted, public detail::Resident {
 public:
  /// Takes over what is connected and non-blocking. `options` must outlive the transport.
  /// Throws SystemError when a descriptor cannot be watched.
  FdTransport(Reactor& reactor, StreamFd fd, const TransportOptions& options = standard_options());

  /// A transport that suits `fd` and what the reactor waits with. As the constructor.
  static FdTransport& make(Reactor& reactor, StreamFd fd, const TransportOptions& options = standard_options());
  /// A Stream on a new transport that lives on `reactor`.
  static Stream stream(Reactor& reactor, StreamFd fd);
  /// The limits of who asks for no others.
  static const TransportOptions& standard_options() noexcept;

  /// Ends the connection without telling the protocol: its owner is being destroyed.
  void drop() noexcept;
  /// The port closes in order.
  void drain() noexcept;

  /// Told when the transport is about to be deleted.
  class Owner {
   public:
    virtual void transport_gone() noexcept = 0;

   protected:
    ~Owner() = default;
  };
  void set_owner(Owner* owner) noexcept { owner_ = owner; }
  /// What it lies on, until it ends; it stays the transport's.
  const StreamFd& descriptors() const noexcept { return fd_; }

  void write(std::string_view data) noexcept override;
  void write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept override;
  bool passes_descriptors() const noexcept override { return fd_.is_local(); }
  void write_descriptor(UniqueFd descriptor, std::string_view data) noexcept override;
  void accept_descriptors() noexcept override { takes_descriptors_ = fd_.is_local(); }
  std::uint64_t unsent() const noexcept override { return queue_ ? queue_->unsent() : 0; }
  std::uint64_t unacknowledged() const noexcept override;
  bool full() const noexcept override { return full_; }
  void close() noexcept override;
  void abort() noexcept override;
  void shutdown_write() noexcept override;
  bool closing() const noexcept override { return closing_ || reason_; }
  void pause_reading() noexcept override { reading_ = false; }
  void resume_reading() noexcept override;
  SocketAddress peer() const override { return fd_.peer(); }
  SocketAddress local() const override { return fd_.local(); }
  std::optional<PeerCredentials> peer_credentials() const override { return fd_.credentials(); }
  ReleasedSocket release_socket() override;

 protected:
  /// What is made on `fd` sees to its own readiness.
  struct Unwatched {};
  FdTransport(Reactor& reactor, StreamFd fd, const TransportOptions& options, Unwatched) noexcept;
  virtual ~FdTransport();

  // Marks a stretch that calls out. The last to end deletes a transport that was ended meanwhile.
  class Busy {
   public:
    explicit Busy(FdTransport& transport) noexcept : transport_(transport) { ++transport_.busy_; }
    ~Busy() {
      if (--transport_.busy_ == 0 && transport_.delivered_) delete &transport_;
    }

   private:
    FdTransport& transport_;
  };

  void run() noexcept override;  // a posted turn: read on, or deliver the end
  /// The descriptor takes no more: from now on writable() is to be called when it does again.
  virtual void await_room() noexcept;
  /// All is sent that waited for room.
  virtual void flushed() noexcept {}
  /// Nothing more is to be heard of the descriptor, which is open still.
  virtual void unwatch() noexcept;

  /// Calls into the protocol; an exception from there ends the connection.
  template <class F>
  void call(F&& f) noexcept;
  /// Reading waits until the peer has taken what it was sent; not when it never will, for it may have said why.
  bool held_back() const noexcept { return full_ && send_error_ == 0 && !protocol_->reads_while_full(); }
  void writable() noexcept;
  void take_turn() noexcept;
  void end(Failure reason) noexcept;
  static Failure lost(int code);
  /// Throws CannotRelease.
  void check_release() const;

 private:
  struct CloseLimit;
  struct Output;
  class LastWords;

  void ready(detail::Readiness readiness) noexcept override;
  void reactor_stopping() noexcept override;
  void reactor_gone() noexcept override;
  void protocol_started() override;
  void begin_cork() noexcept override;
  void end_cork() noexcept override;

  /// False when the socket was found empty and nothing has come since.
  detail::Readiness awaited() const noexcept override {
    return {.readable = !readable_, .writable = !output_ && !writable_};
  }
  bool may_have_data() const noexcept { return readable_ || hung_up_; }
  void read() noexcept;
  void end_found() noexcept;
  std::int64_t receive_passed(std::span<char> buffer) noexcept;
  void broken() noexcept;
  void flush() noexcept;
  void send(std::string_view data) noexcept;
  void blocked() noexcept;
  void send_failed(int code) noexcept;
  void queue(std::string_view data) noexcept;
  WriteQueue& queue_behind_gathered();
  void check_marks() noexcept;
  void finish_if_flushed() noexcept;
  void shut_down() noexcept;
  void end_full(std::uint64_t waiting) noexcept;
  void deliver_end() noexcept;

 protected:
  Reactor& reactor_;
  Owner* owner_ = nullptr;
  const TransportOptions& options_;
  std::unique_ptr<WriteQueue> queue_;
  std::unique_ptr<CloseLimit> close_limit_;
  std::unique_ptr<Output> output_;  // where writing has a descriptor of its own
  LastWords* last_words_ = nullptr;
  FailureSlot reason_;  // full: ended
  StreamFd fd_;
  std::uint16_t busy_ = 0;   // calls into the protocol on the stack, and corks
  std::uint16_t corks_ = 0;
  std::uint16_t send_error_ = 0;  // not 0: over, once what has come is read
  bool reading_ : 1 = true;      // the protocol wants bytes
  bool readable_ : 1 = true;     // the descriptor may have some
  bool hung_up_ : 1 = false;     // ... and after them the end
  bool end_told_ : 1 = false;    // the peer sent all, and the protocol knows
  bool in_read_ : 1 = false;     // read() is on the stack
  bool full_ : 1 = false;        // above high water, not yet back at low
  bool resuming_ : 1 = false;    // resume_writing() is on the stack
  bool gathering_ : 1 = false;   // writes go to the thread's gathering buffer
  bool closing_ : 1 = false;     // close() was called: no more reading or writing
  bool shutting_ : 1 = false;    // shutdown_write() was called
  bool delivered_ : 1 = false;   // connection_lost was called, or nobody is to be told
  bool writable_ : 1 = true;
  bool watches_writing_ : 1 = false;
  bool takes_descriptors_ : 1 = false;
};

template <class F>
void FdTransport::call(F&& f) noexcept {
  try {
    f();
  } catch (...) {
    Failure failure = Failure::current();
    detail::report_unhandled(failure, "in a protocol, whose connection is aborted");
    end(std::move(failure));
  }
}

}  // namespace torc
