#include <torc/async/queue.hpp>

#include <string>

namespace torc::detail {

Failure queue_overflow(std::size_t limit) {
  return Failure(QueueOverflow("the queue is full (its limit is " + std::to_string(limit) + ")"));
}

Failure queue_underflow(std::size_t limit) {
  return Failure(QueueUnderflow("too many wait for the queue already (the limit is " + std::to_string(limit) + ")"));
}

Failure queue_closed() { return Failure(QueueClosed("the queue was closed")); }

}  // namespace torc::detail
