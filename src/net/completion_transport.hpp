// CompletionTransport: a connection whose bytes come by completion, for reactors whose kernel offers that (io_uring).
//
// Made by FdTransport::make, for TCP. The kernel receives ahead, into buffers that all connections of the reactor
// share, also while nobody reads: pausing costs nothing unless something comes, and then stops the kernel. Writing
// tries the socket first, as ever; that costs no more than to ask for it later, and what is told of marks and limits
// stays exact. While the socket takes no more it is watched for readiness.
#pragma once

#include "net/fd_transport.hpp"
#include "reactor/completion.hpp"

#include <cstdint>
#include <span>

namespace torc {

class CompletionTransport final : public FdTransport, detail::ReceiveSink {
 public:
  /// As FdTransport, for a socket. Throws SystemError when the kernel refuses the buffers.
  CompletionTransport(Reactor& reactor, StreamFd fd, const TransportOptions& options);

  void resume_reading() noexcept override;
  ReleasedSocket release_socket() override;

 private:
  // Told when there is room again.
  struct Room final : detail::Watch {
    explicit Room(CompletionTransport& transport) noexcept : transport(transport) {}
    void ready(detail::Readiness readiness) noexcept override;
    CompletionTransport& transport;
  };

  std::size_t received(std::span<char> bytes) noexcept override;
  bool received_all() noexcept override;
  void receive_failed(int code) noexcept override;
  void run() noexcept override;
  void await_room() noexcept override;
  void flushed() noexcept override;
  void unwatch() noexcept override;

  detail::Submission receive_;
  Room room_{*this};
  std::uint8_t last_looks_ = 0;  // for what the peer said last, since a write failed
};

}  // namespace torc
