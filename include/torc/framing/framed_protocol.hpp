// FramedProtocol: what protocols share that take several messages out of what arrives at once.
//
// Delivery stops at once, in the middle of what was read, when a callback pauses it, closes or aborts the connection, or
// destroys the owner of it; bytes that were read and not delivered are kept while it is paused and dropped otherwise.
// Writes made while it delivers leave together. A layer that a callback puts below (STARTTLS) must find nothing unread:
// such bytes came without it, and abort the connection.
#pragma once

#include <torc/async/scheduler.hpp>
#include <torc/net/errors.hpp>
#include <torc/net/protocol.hpp>

#include <string>
#include <string_view>

namespace torc::framing {

/// What came or was to be sent does not fit the framing.
class FramingError : public Error {
 public:
  using Error::Error;
};

class FramedProtocol : public Protocol, private torc::detail::Posted {
 public:
  FramedProtocol() = default;
  ~FramedProtocol() override;

  /// No further callback with data comes until resume(), and the connection is not read.
  void pause() noexcept;
  /// Goes on with what is left, from the next turn on; inside a callback when that returns.
  void resume() noexcept;
  bool paused() const noexcept { return paused_; }

  void data_received(std::string_view data) final;

 protected:
  /// Takes one message, or a part of one, from the front of `input` and calls what is for it; touches nothing of this
  /// afterwards. False when all of `input` is taken and completes nothing.
  virtual bool take(std::string_view& input) = 0;

 private:
  class Delivering;
  void run() noexcept override;
  bool deliver(std::string_view input);

  std::string rest_;       // read and not delivered
  bool* gone_ = nullptr;   // while it delivers: told when this is destroyed
  bool paused_ = false;
};

}  // namespace torc::framing
