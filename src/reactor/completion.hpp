// CompletionIo: accepting, receiving and sending by completion. What is asked for reaches the kernel in the
// one call of the turn that also waits; sinks hear of what it did in the turn after.
//
// For transports. One per reactor, from Reactor::completion(), which is null where the kernel tells
// readiness only. On the reactor's thread. A sink may destroy itself, its Submission and anything else
// inside a call. Memory the kernel works on belongs to the reactor: dropping a Submission leaves nothing
// behind for the owner to wait for (semantics, rule 13).
#pragma once

#include <torc/base/bytes.hpp>
#include <torc/base/unique_fd.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace torc::detail {

class AcceptSink {
 public:
  /// A connection, non-blocking.
  virtual void accepted(UniqueFd socket) noexcept = 0;
  /// No more come: an errno value (EMFILE: accept again when descriptors are free).
  virtual void accept_ended(int code) noexcept = 0;

 protected:
  ~AcceptSink() = default;
};

class ReceiveSink {
 public:
  /// `bytes` is valid during the call, and may be overwritten. Returns how many of them it took: fewer than all is a
  /// pause(), and the others come again.
  virtual std::size_t received(std::span<char> bytes) noexcept = 0;
  /// The peer sent all. The receive stays, to tell of a connection that breaks later. Returns whether this was to be
  /// heard now; if not that is a pause(), too.
  virtual bool received_all() noexcept = 0;
  /// The connection is broken, for `code`, an errno value. Comes behind all bytes; at once when paused, and then
  /// those that were kept are lost.
  virtual void receive_failed(int code) noexcept = 0;

 protected:
  ~ReceiveSink() = default;
};

class SendSink {
 public:
  /// The kernel has taken all (0), or will take no more (an errno value).
  virtual void sent(int code) noexcept = 0;

 protected:
  ~SendSink() = default;
};

class Submission;

/// What a Submission stands for; belongs to the reactor.
class Submitted {
 public:
  virtual void drop() noexcept = 0;
  virtual void pause() noexcept = 0;
  virtual void resume() noexcept = 0;
  virtual std::string finish() = 0;

 protected:
  Submitted() = default;
  ~Submitted() { forget_holder(); }
  void forget_holder() noexcept;

 private:
  friend class Submission;
  Submission* holder_ = nullptr;
};

/// The owner's end of something asked for. Dropping it cancels: the sink hears nothing more, and what was
/// received meanwhile is lost. The descriptor may be closed then; the kernel lets go of a connection at the
/// end of the turn, of a listening socket at once.
class [[nodiscard]] Submission {
 public:
  Submission() noexcept = default;
  explicit Submission(Submitted& submitted) noexcept : submitted_(&submitted) { submitted.holder_ = this; }
  Submission(Submission&& other) noexcept { *this = std::move(other); }
  Submission& operator=(Submission&& other) noexcept {
    if (this == &other) return *this;
    reset();
    submitted_ = std::exchange(other.submitted_, nullptr);
    if (submitted_) submitted_->holder_ = this;
    return *this;
  }
  ~Submission() { reset(); }

  /// False once it has ended, and while its last call is made.
  bool active() const noexcept { return submitted_ != nullptr; }
  void reset() noexcept {
    if (Submitted* const submitted = std::exchange(submitted_, nullptr)) {
      submitted->holder_ = nullptr;
      submitted->drop();
    }
  }
  /// Ends it now. Of an accept the connections that have come are told of before this returns; of a receive the bytes
  /// that were not told are given. The descriptor has lost nothing then, and may be used by others.
  std::string finish() {
    std::string untold = submitted_ ? submitted_->finish() : std::string();
    reset();
    return untold;
  }
  /// Of a receive: no byte is told until resume(), and none is lost. The kernel is stopped when the first one comes:
  /// what it has taken from the socket by then is kept here, the rest stays there.
  void pause() noexcept {
    if (submitted_) submitted_->pause();
  }
  void resume() noexcept {
    if (submitted_) submitted_->resume();
  }

 private:
  friend class Submitted;
  Submitted* submitted_ = nullptr;
};

inline void Submitted::forget_holder() noexcept {
  if (Submission* const holder = std::exchange(holder_, nullptr)) holder->submitted_ = nullptr;
}

class CompletionIo {
 public:
  /// Accepts until it is dropped or ends.
  virtual Submission accept(int fd, AcceptSink& sink) = 0;
  /// Receives until it is dropped or ends, into buffers that all connections share: an idle one holds none.
  /// Throws SystemError when the kernel refuses the buffers.
  virtual Submission receive(int fd, ReceiveSink& sink) = 0;
  /// Sends all of `data`. One at a time for a descriptor: the kernel keeps no order among several.
  virtual Submission send(int fd, Bytes data, SendSink& sink) = 0;
  /// How many there are.
  virtual std::size_t active() const noexcept = 0;

 protected:
  ~CompletionIo() = default;
};

}  // namespace torc::detail
