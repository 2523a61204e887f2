#include <torc/net/datagram_socket.hpp>

#include "net/datagram_address.hpp"
#include "net/datagram_socket_transport.hpp"

#include <torc/async/wait_list.hpp>

#include <sys/socket.h>

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <utility>

namespace torc {

namespace {

// Datagrams that one receive() may leave for the next: as many messages as one system call takes.
constexpr std::size_t kBatch = 16;

SocketAddress any_address_for(const SocketAddress& peer) {
  if (peer.is_v4()) return {IpAddress::any_v4(), 0};
  if (peer.is_v6()) return {IpAddress::any_v6(), 0};
  // Binding to the family alone makes the system choose an abstract name.
  const sockaddr nameless{.sa_family = AF_UNIX, .sa_data = {}};
  return SocketAddress::from_sockaddr(&nameless, offsetof(sockaddr, sa_data)).value();
}

}  // namespace

// The protocol behind a DatagramSocket.
class DatagramSocket::Core final : public DatagramProtocol, public detail::Referenced {
 public:
  ~Core() override {
    forget_references();  // what comes back from now on is lost
    const Failure reason = reason_ ? reason_.failure : Failure(DatagramsStopped());
    if (!receivers_.empty()) receivers_.fail_all(reason);
    if (!senders_.empty()) senders_.fail_all(reason);
  }

  Deferred<Datagram> receive() {
    const detail::Firing firing;
    if (inbox_.empty()) {
      if (fault_) return fail<Datagram>(fault_.take());
      if (reason_) return fail<Datagram>(reason_.failure);
    } else if (!detail::budget_is_spent()) {
      return succeed(take());
    }
    auto* receiver = new Receiver(*this);
    Deferred<Datagram> result(receiver);
    if (!inbox_.empty()) {
      // It will be suspended although its datagram is there, and may be dropped then.
      receiver->give(Outcome<Datagram>(take()));
    } else {
      receivers_.add(*receiver);
      transport().resume_reading();
    }
    return result;
  }

  Deferred<void> sent(bool accepted) {
    if (!accepted) {
      if (reason_ || closed()) return fail(DatagramsStopped());
      return fail(DatagramQueueFull("a datagram was dropped: " + std::to_string(transport().unsent()) +
                                    " bytes wait for the socket (await what you send, or raise queue_limit)"));
    }
    return transport().full() ? senders_.wait() : succeed();
  }

  Failure too_large(std::size_t size, std::size_t largest) const {
    return Failure(DatagramTooLarge("a datagram of " + std::to_string(size) + " bytes is too large: " +
                                    std::to_string(largest) + " at most (send less at once)"));
  }

  bool closed() noexcept { return static_cast<DatagramSocketTransport&>(transport()).closed(); }

  std::move_only_function<void(const SocketAddress&, const Failure&)> on_send_failed;

 private:
  // Known to its core until its result is taken, so that a datagram nobody took can go back.
  class Receiver final : public detail::ListedWaiter<Datagram> {
   public:
    explicit Receiver(Core& core) noexcept : core_(core) {}

   private:
    void discard_unseen() noexcept override {
      if (Core* core = core_.release(); core && value_) core->put_back(*std::move(value_));
      delete this;
    }
    detail::BackReference<Core> core_;
  };

  Datagram take() noexcept {
    Datagram first = std::move(inbox_.front());
    inbox_.pop_front();
    return first;
  }

  void put_back(Datagram datagram) noexcept {
    if (auto* next = receivers_.pop()) {
      next->give(Outcome<Datagram>(std::move(datagram)));
    } else {
      inbox_.push_front(std::move(datagram));
    }
  }

  void came(std::string_view data, std::size_t size, const SocketAddress& from) {
    Datagram datagram{.data = Bytes(data), .from = from, .arrival = transport().arrival(), .size = size};
    if (auto* next = receivers_.pop()) {
      next->give(Outcome<Datagram>(std::move(datagram)));
    } else {
      inbox_.push_back(std::move(datagram));
    }
    if (receivers_.empty()) transport().pause_reading();
  }

  void started() override { transport().pause_reading(); }
  void datagram_received(std::string_view data, const SocketAddress& from) override { came(data, data.size(), from); }
  void datagram_cut(std::string_view data, std::size_t size, const SocketAddress& from) override {
    came(data, size, from);
  }

  void send_failed(const SocketAddress& peer, const Failure& reason) override {
    if (on_send_failed) return on_send_failed(peer, reason);
    if (transport().peer() != peer) return;
    const detail::Firing firing;
    if (auto* next = receivers_.pop()) {
      next->give(Failure(reason));
    } else {
      fault_ = reason;
    }
  }

  void resume_writing() override {
    const detail::Firing firing;
    while (auto* sender = senders_.pop()) sender->give({});
  }

  void stopped(const Failure& reason) override {
    const detail::Firing firing;
    reason_ = reason;
    receivers_.fail_all(reason);
    senders_.fail_all(reason);
  }

  std::list<Datagram> inbox_;  // an empty one holds no memory
  FailureSlot fault_;   // for the next receive
  FailureSlot reason_;  // full: closed
  detail::WaitList<Datagram> receivers_{"a datagram"};
  detail::WaitList<void> senders_{"room for a datagram"};
};

DatagramSocket::DatagramSocket(DatagramPort port, Core& core) noexcept : port_(std::move(port)), core_(&core) {
  port_.transport_->set_batch(kBatch);
}
DatagramSocket::DatagramSocket(DatagramSocket&&) noexcept = default;
DatagramSocket& DatagramSocket::operator=(DatagramSocket&&) noexcept = default;
DatagramSocket::~DatagramSocket() = default;

Deferred<Datagram> DatagramSocket::receive() { return core_->receive(); }

Deferred<void> DatagramSocket::send(std::string_view data, const SocketAddress& to, const Arrival& by) {
  const std::size_t largest = port_.transport_->largest();
  if (data.size() > largest) return fail(core_->too_large(data.size(), largest));
  return core_->sent(port_.transport_->send(data, to, by));
}
Deferred<void> DatagramSocket::send(std::string_view data) {
  const std::size_t largest = port_.transport_->largest();
  if (data.size() > largest) return fail(core_->too_large(data.size(), largest));
  return core_->sent(port_.transport_->send(data));
}

void DatagramSocket::on_send_failed(std::move_only_function<void(const SocketAddress&, const Failure&)> f) {
  core_->on_send_failed = std::move(f);
}
void DatagramSocket::close() noexcept { port_.transport_->close(); }
const SocketAddress& DatagramSocket::address() const noexcept { return port_.address(); }
DatagramTransport& DatagramSocket::transport() const noexcept { return port_.transport(); }

DatagramSocket open_datagrams(const SocketAddress& where, DatagramOptions options) {
  auto core = std::make_unique<DatagramSocket::Core>();
  auto& protocol = *core;
  return DatagramSocket(listen_datagrams(where, std::move(core), options), protocol);
}
DatagramSocket open_datagrams(std::string_view where, DatagramOptions options) {
  return open_datagrams(detail::datagram_address(where), options);
}

DatagramSocket connect_datagrams(const SocketAddress& peer, DatagramOptions options) {
  auto socket = open_datagrams(any_address_for(peer), options);
  socket.transport().connect(peer);
  return socket;
}
DatagramSocket connect_datagrams(std::string_view peer, DatagramOptions options) {
  return connect_datagrams(detail::datagram_address(peer), options);
}

}  // namespace torc
