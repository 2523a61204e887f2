#include "net/completion_transport.hpp"

#include <algorithm>
#include <utility>

namespace torc {

namespace {

constexpr int kLastLooks = 4;

}  // namespace

FdTransport& FdTransport::make(Reactor& reactor, StreamFd fd, const TransportOptions& options) {
  // Received by completion, descriptors that are passed over UNIX sockets would be lost.
  const bool completes = fd.is_socket() && !fd.is_local() && reactor.completion();
  if (!completes) return *new FdTransport(reactor, std::move(fd), options);
  return *new CompletionTransport(reactor, std::move(fd), options);
}

CompletionTransport::CompletionTransport(Reactor& reactor, StreamFd fd, const TransportOptions& options)
    : FdTransport(reactor, std::move(fd), options, Unwatched()),
      receive_(reactor.completion()->receive(fd_.in(), *this)) {
  readable_ = false;  // nothing is ever to be looked for
}

std::size_t CompletionTransport::received(std::span<char> bytes) noexcept {
  const Busy busy(*this);
  std::size_t taken = 0;
  in_read_ = true;
  while (taken < bytes.size() && reading_ && !closing_ && !reason_ && !held_back()) {
    const std::size_t count = std::min(bytes.size() - taken, protocol_->max_read());
    const std::string_view piece(bytes.data() + std::exchange(taken, taken + count), count);
    call([&] { protocol_->data_received(piece); });
  }
  in_read_ = false;
  return taken;
}

bool CompletionTransport::received_all() noexcept {
  const Busy busy(*this);
  if (!reading_ || closing_ || held_back()) return false;
  call([&] { protocol_->end_received(); });
  if (send_error_ != 0) end(lost(send_error_));
  return true;
}

void CompletionTransport::receive_failed(int code) noexcept {
  const Busy busy(*this);
  end(lost(code));
}

void CompletionTransport::resume_reading() noexcept {
  reading_ = true;
  receive_.resume();
}

// After a write failed: what the peer said last is on its way to us, if it is not here.
void CompletionTransport::run() noexcept {
  if (send_error_ != 0 && !reason_ && reading_ && !closing_ && receive_.active() && last_looks_++ < kLastLooks) return take_turn();
  readable_ = false;
  FdTransport::run();
}

void CompletionTransport::await_room() noexcept {
  try {
    reactor_.watch(fd_.out(), room_);
  } catch (...) {
    watches_writing_ = false;
    end(Failure::current());
  }
}

void CompletionTransport::flushed() noexcept {
  watches_writing_ = false;
  reactor_.unwatch(fd_.out(), room_);
}

void CompletionTransport::Room::ready(detail::Readiness readiness) noexcept {
  const Busy busy(transport);
  // The write that fails tells why it is broken.
  if (readiness.writable || readiness.broken) transport.writable();
}

void CompletionTransport::unwatch() noexcept {
  receive_.reset();
  if (watches_writing_) flushed();
}

ReleasedSocket CompletionTransport::release_socket() {
  check_release();
  std::string unread = receive_.finish();
  ReleasedSocket released = FdTransport::release_socket();
  released.unread = std::move(unread);
  return released;
}

}  // namespace torc
