// Protocol: what is done with the bytes of one connection, in callbacks.
//
//   class Echo : public torc::Protocol {
//     void data_received(std::string_view data) override { transport().write(data); }
//   };
//   auto port = co_await torc::listen("tcp:8007", torc::factory<Echo>());
//
// The order of calls: connection_made, then data_received and the others in any number, then
// connection_lost once. The connection owns its protocol. Any callback may close, abort, or destroy
// the owner of the connection; an exception that escapes one aborts the connection and is its reason.
#pragma once

#include <torc/base/failure.hpp>
#include <torc/net/transport.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

namespace torc {

class Protocol {
 public:
  virtual ~Protocol() = default;

  /// The connection is up; transport() may be used from here until connection_lost returns.
  virtual void connection_made() {}
  /// Bytes arrived. `data` is valid during the call only.
  virtual void data_received(std::string_view data) = 0;
  /// The peer passed a descriptor (Transport::accept_descriptors). Comes before the data_received that holds the byte it
  /// was sent on, and after that of the descriptor before it. Bytes sent ahead of it may come with it, none sent later.
  virtual void descriptor_received(UniqueFd descriptor) { static_cast<void>(descriptor); }
  /// The peer will send no more. The default closes; to go on writing (half-close), override it.
  virtual void end_received() { transport().close(); }
  /// The connection ended, for `reason`: ConnectionDone, ConnectionLost and its kinds, or what a
  /// callback threw. The last call.
  virtual void connection_lost(const Failure& reason) { static_cast<void>(reason); }

  /// A layer that was put below the running protocol is ready: a TLS handshake is done, for one.
  virtual void layer_up() {}

  /// Queued bytes passed the high-water mark: a producer should pause.
  virtual void pause_writing() {}
  /// Queued bytes fell to the low-water mark: it may go on.
  virtual void resume_writing() {}
  /// The port that accepted this connection closes in order: finish what is going on, then close.
  virtual void drain() { transport().close(); }
  /// Whether bytes are wanted while the queue is above its high-water mark: by who applies back-pressure by itself.
  virtual bool reads_while_full() const noexcept { return false; }
  /// Bytes that one data_received shall bring at most, as far as what is below can help it; at least one.
  virtual std::size_t max_read() const noexcept { return std::numeric_limits<std::size_t>::max(); }
  /// The transport goes with its reactor, without a word: for who lent a protocol and may go later. Calls nobody.
  virtual void transport_gone() noexcept {}

  Transport& transport() noexcept { return *transport_; }
  const Transport& transport() const noexcept { return *transport_; }

 private:
  friend class Transport;
  Transport* transport_ = nullptr;
};

/// Makes a protocol for each connection of a port.
class ProtocolFactory {
 public:
  virtual ~ProtocolFactory() = default;
  /// A protocol for a new connection, or null to refuse it.
  virtual std::unique_ptr<Protocol> build() = 0;
};

/// A factory that makes each `P` from copies of `args`.
template <class P, class... Args>
std::unique_ptr<ProtocolFactory> factory(Args... args) {
  struct Factory final : ProtocolFactory {
    explicit Factory(std::tuple<Args...> args) : args(std::move(args)) {}
    std::unique_ptr<Protocol> build() override {
      return std::apply([](const Args&... each) { return std::make_unique<P>(each...); }, args);
    }
    std::tuple<Args...> args;
  };
  return std::make_unique<Factory>(std::tuple<Args...>(std::move(args)...));
}

}  // namespace torc
