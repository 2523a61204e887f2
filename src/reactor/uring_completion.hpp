// CompletionIo on io_uring: accepting and receiving are one request each that completes again and again.
#pragma once

#include "reactor/completion.hpp"
#include "reactor/uring_poller.hpp"

namespace torc::detail {

class UringCompletion final : public CompletionIo {
 public:
  explicit UringCompletion(UringPoller& poller) noexcept : poller_(poller) {}

  Submission accept(int fd, AcceptSink& sink) override;
  Submission receive(int fd, ReceiveSink& sink) override;
  Submission send(int fd, Bytes data, SendSink& sink) override;
  std::size_t active() const noexcept override { return active_; }

 private:
  class Operation;
  class Accept;
  class Receive;
  class Send;

  UringPoller& poller_;
  std::size_t active_ = 0;
};

}  // namespace torc::detail
