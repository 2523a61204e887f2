// Channel<T>: where two tasks meet and one gives the other a value.
//
//   torc::Channel<std::string> replies;
//   tasks.spawn_fiber([&] { torc::await(replies.send(compute())); });
//   std::string text = torc::await(replies.receive());
//
// Without a capacity every send waits for a receive and every receive for a send: a rendezvous. With one,
// so many values may lie in between. First come, first served on both sides. Who goes on first when two
// have met is a matter of preference. For any kind of task: co_await, await() and then() alike.
// For values with bounds and errors of their own rather than a meeting, see Queue. One thread.
#pragma once

#include <torc/async/channel_wait.hpp>
#include <torc/async/coroutine.hpp>
#include <torc/async/later.hpp>
#include <torc/async/wait_list.hpp>
#include <torc/async/wrapper.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace torc {

/// Nobody will come: the channel is closing.
class ChannelClosed : public Error {
 public:
  using Error::Error;
};

/// Who goes on first after a meeting. The other one goes on behind what is ready to run by then.
enum class ChannelPreference {
  kReceiver,
  kSender,
  kNone,  // whoever came second, and found the other waiting
};

struct ChannelOptions {
  /// Values that may be sent before somebody receives them.
  std::size_t capacity = 0;
  ChannelPreference preference = ChannelPreference::kReceiver;
};

/// Values of T, which moves without throwing. Destroying a channel fails those who wait with BrokenPromise.
template <class T>
class Channel final : public detail::Referenced {
 public:
  explicit Channel(ChannelOptions options = {}) noexcept : options_(options) {}
  ~Channel() {
    this->forget_references();  // the values' destructors may drop receivers
    while (returned_) delete std::exchange(returned_, returned_->next);
  }

  /// Gives `value` to the first who receives; fires when that has it, or when it lies in the channel.
  /// Cancellation: a send that is cancelled or dropped while it waits gives nothing.
  /// Errors: ChannelClosed when it would have to wait; Deadlock.
  Deferred<void> send(T value) { return send_outcome(std::move(value)); }

  /// As send(), making the receive fail with `failure`.
  Deferred<void> send_error(Failure failure) { return send_outcome(std::move(failure)); }

  /// Sends each value of `values`, one after another; gives how many were sent.
  /// Errors: those of send(); BrokenPromise when the channel is destroyed in between.
  template <class Values>
  Deferred<std::size_t> send_all(Values values) {
    std::size_t sent = 0;
    const detail::BackReference<Channel> channel(*this);  // which may be destroyed when a value has been taken
    for (auto& value : values) {
      if (!channel.get()) co_await raise(detail::destroyed_while_waiting("a Channel"));
      co_await channel.get()->send(std::move(value));
      ++sent;
    }
    co_return sent;
  }

  /// The next value; fails with what was sent by send_error().
  /// Cancellation: a value that was handed over but not taken goes to the next receiver, before all others, also
  /// when a time limit, a deadline, a CancelScope or a stop token is around this. What a stage was called with is its.
  /// Errors: ChannelClosed when it would have to wait and nothing may be sent any more; Deadlock.
  Deferred<T> receive() {
    const detail::Firing firing;
    if (size() > 0) return give_now(take_first());
    if (auto* sender = static_cast<Sender*>(senders_.pop())) {
      Handed handed{std::move(sender->value), sequence_++};
      sender->accept();
      if (options_.preference != ChannelPreference::kSender) return give_now(std::move(handed));
      return Deferred<T>(new LateReceiver(*this, std::move(handed)));
    }
    if (closing_) return fail<T>(detail::channel_closed());
    auto* receiver = new Receiver;
    receivers_.add(*receiver);
    return Deferred<T>(receiver);
  }

  /// The next value, or nothing when the channel is closed: `while (auto value = co_await channel.next())`.
  /// Cancellation: as receive().
  Deferred<std::optional<T>> next() {
    Deferred<T> received = receive();
    if (detail::Operation* const receiver = received.release_operation()) {
      return Deferred<std::optional<T>>(new Next(receiver));
    }
    return Deferred<std::optional<T>>(Next::unless_closed(received.take()));
  }

  /// From now on nobody waits for a partner: a send without a receiver fails, receivers get what is there
  /// and then fail. Receivers that wait already fail now; senders that wait are still served.
  void close() noexcept {
    const detail::Firing firing;
    closing_ = true;
    receivers_.fail_all(detail::channel_closed());
  }
  /// Takes close() back.
  void open() noexcept { closing_ = false; }
  bool closing() const noexcept { return closing_; }
  /// Closing, and nothing is left to be received.
  bool closed() const noexcept { return closing_ && senders_.empty() && size() == 0; }

  /// Tasks that wait here: senders count up, receivers down.
  std::ptrdiff_t balance() const noexcept {
    return static_cast<std::ptrdiff_t>(senders_.size()) - static_cast<std::ptrdiff_t>(receivers_.size());
  }
  /// Values that lie in the channel.
  std::size_t size() const noexcept { return values_.size() + returned_size_; }

  ChannelPreference preference() const noexcept { return options_.preference; }
  void set_preference(ChannelPreference preference) noexcept { options_.preference = preference; }

 private:
  struct Sender final : detail::ListedWaiter<void>, detail::ChannelWait {
    explicit Sender(Outcome<T> value) noexcept : value(std::move(value)) {}
    void accept() noexcept {
      this->no_longer_waits();
      this->give({});
    }
    void left() noexcept override { this->no_longer_waits(); }
    void deadlocked() noexcept override {
      if (!this->fired()) this->leave_with(detail::channel_deadlock());
    }
    Outcome<T> value;
  };

  // A value on its way to a receiver, and its place among those that are.
  struct Handed {
    Outcome<T> value;
    std::uint64_t sequence;
  };

  // A receiver that is given a value before it is known whether it will take it.
  struct Receiver : detail::ListedWaiter<T>, detail::ChannelWait {
    void hand(Channel& channel, Handed handed) noexcept {
      remember(channel, handed.sequence);
      this->give(std::move(handed.value));
    }
    void remember(Channel& channel, std::uint64_t number) noexcept {
      this->no_longer_waits();
      sequence = number;
      channel_ = detail::BackReference<Channel>(channel);
    }
    void left() noexcept override { this->no_longer_waits(); }
    void deadlocked() noexcept override {
      if (!this->fired()) this->leave_with(detail::channel_deadlock());
    }
    bool lends() const noexcept override { return channel_.get() && this->value_; }
    // Dropped before it was taken: the value goes to the next, or waits for one in this node.
    void discard_unseen() noexcept override {
      Channel* channel = this->value_ ? channel_.release() : nullptr;
      if (!channel || !channel->take_back(*this)) delete this;
    }
    detail::BackReference<Channel> channel_;
    std::uint64_t sequence = 0;
    Receiver* next = nullptr;  // among the returned
  };

  // One that has its value and goes on behind the sender.
  struct LateReceiver final : Receiver {
    LateReceiver(Channel& channel, Handed handed) noexcept {
      this->remember(channel, handed.sequence);
      this->set(std::move(handed.value));
      later.yield(*this);
    }
    void inner_fired(detail::Operation&) noexcept override { detail::Operation::fire(); }
    void cancel_leaf() noexcept override {}
    void abandon() noexcept override {
      later.unlink();
      this->discard_unseen();
    }
    detail::Later later;
  };

  // A receive that ends with nothing when the channel is closed.
  struct Next final : detail::Wrapper<T, std::optional<T>> {
    explicit Next(detail::Operation* receiver) noexcept : detail::Wrapper<T, std::optional<T>>(receiver) {
      if (receiver->fired()) this->take_over(*receiver);  // its budget was spent
    }
    detail::WaitSite site() const noexcept override { return {"a Channel"}; }
    Outcome<std::optional<T>> ended(Outcome<T> outcome) noexcept override { return unless_closed(std::move(outcome)); }
    static Outcome<std::optional<T>> unless_closed(Outcome<T> outcome) noexcept {
      if (outcome) return std::optional<T>(*std::move(outcome));
      if (outcome.error().template check<ChannelClosed>()) return std::optional<T>();
      return std::move(outcome).error();
    }
  };

  // A sender that goes on behind its receiver.
  struct LateSender final : detail::OperationOf<void>, detail::Pooled {
    LateSender() noexcept { later.yield(*this); }
    void inner_fired(detail::Operation&) noexcept override { detail::Operation::fire(); }
    void discard() noexcept override { delete this; }
    void abandon() noexcept override { delete this; }
    detail::Later later;
  };

  Deferred<void> send_outcome(Outcome<T> value) {
    const detail::Firing firing;
    if (auto* receiver = static_cast<Receiver*>(receivers_.pop())) {
      receiver->hand(*this, {std::move(value), sequence_++});
      if (options_.preference != ChannelPreference::kReceiver) return succeed();
      return Deferred<void>(new LateSender);
    }
    if (closing_) return fail(detail::channel_closed());
    if (size() < options_.capacity) {
      values_.push_back(std::move(value));
      return succeed();
    }
    auto* sender = new Sender(std::move(value));
    senders_.add(*sender);
    return Deferred<void>(sender);
  }

  /// The first of the values that lie here; senders move up into the room it leaves.
  Handed take_first() {
    Handed first = returned_ ? take_returned() : take_stored();
    while (size() < options_.capacity) {
      auto* sender = static_cast<Sender*>(senders_.pop());
      if (!sender) break;
      values_.push_back(std::move(sender->value));
      sender->accept();
    }
    return first;
  }
  Handed take_stored() {
    Handed first{std::move(values_.front()), sequence_++};
    values_.pop_front();
    return first;
  }
  Handed take_returned() noexcept {
    Receiver* first = std::exchange(returned_, returned_->next);
    --returned_size_;
    Handed handed{first->take(), first->sequence};
    delete first;
    return handed;
  }
  Deferred<T> give_now(Handed handed) {
    if (!detail::budget_is_spent()) [[likely]] return Deferred<T>(std::move(handed.value));
    // The receiver will be suspended although its value is there, and may be dropped then.
    auto* receiver = new Receiver;
    Deferred<T> result(receiver);
    receiver->hand(*this, std::move(handed));
    return result;
  }

  /// A value comes back, in the node of who did not take it. True when the node is kept.
  bool take_back(Receiver& node) noexcept {
    if (auto* receiver = static_cast<Receiver*>(receivers_.pop())) {
      receiver->hand(*this, {node.take(), node.sequence});
      return false;
    }
    Receiver** place = &returned_;
    while (*place && (*place)->sequence < node.sequence) place = &(*place)->next;
    node.next = std::exchange(*place, &node);
    ++returned_size_;
    return true;
  }

  ChannelOptions options_;
  bool closing_ = false;
  std::uint64_t sequence_ = 0;  // of the next value to be handed over
  std::deque<Outcome<T>> values_;
  Receiver* returned_ = nullptr;
  std::size_t returned_size_ = 0;
  detail::WaitList<void> senders_{"a Channel"};
  detail::WaitList<T> receivers_{"a Channel"};
};

}  // namespace torc
