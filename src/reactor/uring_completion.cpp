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
  std::string finish() override {
    finishing_ = true;
    io_.poller_.finish(*this);
    return {};
  }

 protected:
  UringPoller& poller() noexcept { return io_.poller_; }
  bool finishing() const noexcept { return finishing_; }
  /// Begins anew behind its last completion, unless it is to be over.
  void again() noexcept {
    if (!finishing_) io_.poller_.start(*this);
  }
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
  bool finishing_ = false;
};

class UringCompletion::Accept final : public Operation {
 public:
  Accept(UringCompletion& io, int fd, AcceptSink& sink) noexcept : Operation(io), fd_(fd), sink_(sink) {}

  void prepare(io_uring_sqe& entry) noexcept override {
    ::io_uring_prep_multishot_accept(&entry, fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  }
  void complete(int result, unsigned flags) noexcept override {
    UniqueFd socket(result >= 0 ? result : -1);
    if (!wanted()) return cut(socket.get());
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
  // Nobody will serve it: it ends as those do that wait at a listening socket that is closed.
  static void cut(int socket) noexcept {
    const linger none{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  }

  const int fd_;
  AcceptSink& sink_;
};

// What it asks of the kernel is to receive again and again; to tell when the connection breaks, while bytes are not
// wanted or can come no more. One of them is in flight.
class UringCompletion::Receive final : public Operation {
 public:
  Receive(UringCompletion& io, int fd, ReceiveSink& sink) noexcept : Operation(io), fd_(fd), sink_(sink) {}

  void prepare(io_uring_sqe& entry) noexcept override {
    receiving_ = !paused_ && !ended_;
    if (!receiving_) return ::io_uring_prep_poll_multishot(&entry, fd_, 0);  // broken is always told
    ::io_uring_prep_recv_multishot(&entry, fd_, nullptr, 0, 0);
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = UringBuffers::kGroup;
  }
  void complete(int result, unsigned flags) noexcept override {
    if (flags == UringPoller::kTold) return tell_kept();
    const bool buffer = (flags & IORING_CQE_F_BUFFER) != 0;
    if (buffer) {
      UringBuffers& buffers = *poller().buffers();
      if (wanted()) take(buffers.bytes(flags, result));
      buffers.give_back(flags);
    } else if (result > 0 && wanted() && (paused_ || ended_)) {
      look_for_break();
    }
    if (!wanted() || (flags & IORING_CQE_F_MORE) != 0) return;
    // Out of buffers: those of the completions told before this one are free by now.
    if (result < 0 && result != -ENOBUFS && result != -ECANCELED && result != -EINTR) return fail(-result);
    if (result == 0) end();
    if (wanted() && !in_flight()) again();
  }

  void pause() noexcept override { paused_ = true; }
  void resume() noexcept override {
    if (!paused_) return;
    paused_ = false;
    if (!kept_.empty() || (ended_ && !told_end_)) {
      if (!std::exchange(telling_, true)) poller().tell_later(*this);
    }
    go_on();
    poller().flush_outside_dispatch();
  }
  std::string finish() override {
    paused_ = true;
    Operation::finish();
    return std::exchange(kept_, {});
  }

 private:
  void take(std::span<char> bytes) noexcept {
    if (!paused_ && !telling_) {
      bytes = bytes.subspan(sink_.received(bytes));
      if (bytes.empty() || !wanted()) return;
      paused_ = true;
    }
    // While it is only waited for what is kept to be told, the kernel may go on.
    if (paused_ && receiving_ && in_flight()) poller().cancel(*this);
    kept_.append(bytes.data(), bytes.size());
  }
  void tell_kept() noexcept {
    telling_ = false;
    if (!wanted() || paused_) return;
    if (!kept_.empty()) {
      std::string bytes = std::exchange(kept_, {});
      const std::size_t taken = sink_.received(bytes);
      if (!wanted()) return;
      if (taken < bytes.size()) {
        kept_ = bytes.substr(taken);
        paused_ = true;
      }
    }
    if (code_ != 0) return fail(code_);
    if (paused_) return;
    if (ended_) end();
    if (wanted()) go_on();
  }
  // To receiving from waiting for a break, when that is possible.
  void go_on() noexcept {
    if (in_flight()) {
      if (!receiving_ && !ended_) poller().cancel(*this);
    } else if (!untold()) {
      again();
    }
  }
  void end() noexcept {
    ended_ = true;
    if (paused_ || telling_ || told_end_) return;
    told_end_ = sink_.received_all();
    paused_ = !told_end_;
  }
  void look_for_break() noexcept {
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) fail(code);
  }
  void fail(int code) noexcept {
    code_ = code;
    if (finishing()) return;
    if (telling_ && !paused_) return;  // bytes come first
    over();
    sink_.receive_failed(code);
  }

  const int fd_;
  ReceiveSink& sink_;
  bool receiving_ = true;  // what is in flight, or was
  bool paused_ = false;
  bool telling_ = false;  // tell_kept() is to come: what arrives queues behind
  bool ended_ = false;
  bool told_end_ = false;
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
