#ifdef TORC_HAVE_LIBURING

#include "reactor/uring_completion.hpp"

#include "reactor/uring_buffers.hpp"

#include <torc/async/pool.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <string>

namespace torc::detail {

// A request with an owner who may drop it, pause it, and hears its end once.
class UringCompletion::Operation : public UringRequest, public Submitted, public Pooled {
 public:
  explicit Operation(UringCompletion& io) noexcept : io_(io) { ++io_.active_; }
  ~Operation() override {
    if (counted_) --io_.active_;
  }
  Submission begin() {
    io_.poller_.start(*this);
    io_.poller_.flush_outside_dispatch();
    return Submission(*this);
  }
  void drop() noexcept override {
    uncount();
    UringPoller& poller = io_.poller_;
    poller.drop(*this);  // may be the end of this object
    poller.flush_outside_dispatch();
  }
  void pause() noexcept override {}
  void resume() noexcept override {}

 protected:
  UringPoller& poller() noexcept { return io_.poller_; }
  void again() noexcept { io_.poller_.start(*this); }
  /// It has ended and belongs to nobody; it lives until the completion has been told.
  void over() noexcept {
    uncount();
    forget_holder();
    io_.poller_.drop(*this);
  }

 private:
  void uncount() noexcept {
    if (std::exchange(counted_, false)) --io_.active_;
  }
  UringCompletion& io_;
  bool counted_ = true;
};

class UringCompletion::Accept final : public Operation {
 public:
  Accept(UringCompletion& io, int fd, AcceptSink& sink) noexcept : Operation(io), fd_(fd), sink_(sink) {}

  void prepare(io_uring_sqe& entry) noexcept override {
    ::io_uring_prep_multishot_accept(&entry, fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  }
  void complete(int result, unsigned flags) noexcept override {
    UniqueFd socket(result >= 0 ? result : -1);
    if (!wanted()) return;
    if (socket) sink_.accepted(std::move(socket));
    if (!wanted() || (flags & IORING_CQE_F_MORE) != 0) return;
    switch (-result) {
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
      case EBADF:
      case EINVAL:
      case ENOTSOCK:
      case EOPNOTSUPP:
        over();
        return sink_.accept_ended(-result);
      default:  // the client gave up while it waited, or the kernel wants to be asked again
        again();
    }
  }
  void drop() noexcept override {
    auto& poller = this->poller();
    Operation::drop();
    poller.submit_now();  // the address may be wanted again
  }

 private:
  const int fd_;
  AcceptSink& sink_;
};

class UringCompletion::Receive final : public Operation {
 public:
  Receive(UringCompletion& io, int fd, ReceiveSink& sink) noexcept : Operation(io), fd_(fd), sink_(sink) {}

  void prepare(io_uring_sqe& entry) noexcept override {
    ::io_uring_prep_recv_multishot(&entry, fd_, nullptr, 0, 0);
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = UringBuffers::kGroup;
  }
  void complete(int result, unsigned flags) noexcept override {
    if (flags == UringPoller::kTold) return tell_kept();
    if ((flags & IORING_CQE_F_BUFFER) != 0) {
      UringBuffers& buffers = *poller().buffers();
      if (wanted()) take(buffers.bytes(flags, result));
      buffers.give_back(flags);
    }
    if (!wanted() || (flags & IORING_CQE_F_MORE) != 0) return;
    if (result > 0 || result == -ENOBUFS || result == -ECANCELED || result == -EINTR) {
      // Out of buffers: those of the completions told before this one are free by now.
      if (!paused_ && !in_flight()) again();
      return;
    }
    ended_ = true;
    code_ = -result;
    if (!paused_ && !telling_) end();
  }

  void pause() noexcept override {
    if (paused_) return;
    paused_ = true;
    poller().cancel(*this);
  }
  void resume() noexcept override {
    if (!paused_) return;
    paused_ = false;
    if (!kept_.empty() || ended_) {
      if (!std::exchange(telling_, true)) poller().tell_later(*this);
    } else if (!in_flight() && !untold()) {
      again();
    }
    poller().flush_outside_dispatch();
  }

 private:
  void take(std::span<char> bytes) noexcept {
    if (paused_ || telling_) {
      kept_.append(bytes.data(), bytes.size());
    } else {
      sink_.received(bytes);
    }
  }
  void tell_kept() noexcept {
    telling_ = false;
    if (!wanted() || paused_) return;
    std::string bytes = std::exchange(kept_, {});
    if (!bytes.empty()) sink_.received(bytes);
    if (!wanted() || paused_) return;
    if (ended_) return end();
    if (!in_flight() && !untold()) again();
  }
  void end() noexcept {
    over();
    sink_.receive_ended(code_);
  }

  const int fd_;
  ReceiveSink& sink_;
  bool paused_ = false;
  bool telling_ = false;  // tell_kept() is to come: what arrives queues behind
  bool ended_ = false;
  int code_ = 0;
  std::string kept_;  // received while paused
};

class UringCompletion::Send final : public Operation {
 public:
  Send(UringCompletion& io, int fd, Bytes data, SendSink& sink) noexcept
      : Operation(io), fd_(fd), data_(std::move(data)), sink_(sink) {}

  void prepare(io_uring_sqe& entry) noexcept override {
    ::io_uring_prep_send(&entry, fd_, data_.data() + done_, data_.size() - done_, MSG_NOSIGNAL | MSG_WAITALL);
  }
  void complete(int result, unsigned) noexcept override {
    if (!wanted()) return;
    if (result > 0) done_ += static_cast<std::size_t>(result);
    const bool once_more = result == -ECANCELED || result == -EINTR || result == -EAGAIN;
    if (once_more || (result > 0 && done_ < data_.size())) return again();
    over();
    sink_.sent(result < 0 ? -result : 0);
  }

 private:
  const int fd_;
  const Bytes data_;
  std::size_t done_ = 0;
  SendSink& sink_;
};

Submission UringCompletion::accept(int fd, AcceptSink& sink) { return (new Accept(*this, fd, sink))->begin(); }

Submission UringCompletion::receive(int fd, ReceiveSink& sink) {
  poller_.need_buffers();
  return (new Receive(*this, fd, sink))->begin();
}

Submission UringCompletion::send(int fd, Bytes data, SendSink& sink) {
  return (new Send(*this, fd, std::move(data), sink))->begin();
}

}  // namespace torc::detail

#endif
