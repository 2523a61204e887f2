// Queue<T>: values from those who make them to those who take them, with bounds on both sides.
//
//   torc::Queue<Job> jobs({.size = 100});
//   co_await jobs.push(std::move(job));      // waits for room
//   auto next = co_await jobs.get();         // waits for a job
//
// First in, first out; getters are served in the order they came. For producers that cannot wait there
// is put(), which refuses instead. PriorityQueue (torc/async/priority_queue.hpp) has the same
// functions and another order.
#pragma once

#include <torc/async/wait_list.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace torc {

/// put() found the queue full.
class QueueOverflow : public Error {
 public:
  using Error::Error;
};

/// get() found an empty queue for which as many wait as may.
class QueueUnderflow : public Error {
 public:
  using Error::Error;
};

/// The queue was closed: it takes nothing more, and all it held has been taken.
class QueueClosed : public Error {
 public:
  using Error::Error;
};

struct QueueLimits {
  /// Values it holds. 0: a value goes only from hand to hand.
  std::size_t size = 1024;
  /// Getters that may wait. 0: get() never waits.
  std::size_t backlog = 65'536;
};

namespace detail {

Failure queue_overflow(std::size_t limit);
Failure queue_underflow(std::size_t limit);
Failure queue_closed();

/// A value and when it came in.
template <class T>
struct Numbered {
  T value;
  std::uint64_t sequence;
};

/// All of a queue but its order. `Store` holds the values: push(), pop() and front() of Numbered<T>, size(),
/// and before(a, b): whether value a with its sequence is to be got before b.
///
/// What was given to a getter that is dropped before it took it comes back inside that getter's own node, so
/// that coming back needs no memory: `returned_` links such nodes, in the store's order.
template <class T, class Store>
class QueueCore : public Referenced {
 public:
  QueueCore(QueueLimits limits, Store store) : limits_(limits), store_(std::move(store)) {}
  ~QueueCore() {
    this->forget_references();  // the values' destructors may drop getters
    while (returned_) delete std::exchange(returned_, returned_->next);
  }

  /// Adds `value` now, or gives it to the first getter, who runs before this returns or after the current
  /// firing. Errors: QueueOverflow when full, QueueClosed; `value` is lost then.
  Outcome<void> put(T value) {
    const Firing firing;
    if (closed_) return queue_closed();
    if (serve(value)) return {};
    if (size() >= limits_.size) return queue_overflow(limits_.size);
    store_.push({std::move(value), sequence_++});
    return {};
  }

  /// Adds `value` when there is room; at once, without allocating, when there is. Waiting pushes go first in,
  /// first out; their number is the callers' to bound.
  /// Cancellation: a push that is cancelled or dropped while it waits adds nothing.
  /// Errors: QueueClosed.
  Deferred<void> push(T value) {
    const Firing firing;
    if (closed_) return fail(queue_closed());
    if (!serve(value)) {
      if (size() >= limits_.size) {
        auto* pusher = new Pusher(std::move(value));
        pushers_.add(*pusher);
        return Deferred<void>(pusher);
      }
      store_.push({std::move(value), sequence_++});
    }
    return succeed();
  }

  /// Gives the next value; at once, usually without allocating, when there is one.
  /// Cancellation: cancelling or dropping leaves the backlog. A value that was handed over but not taken goes
  /// to the next getter, or back to its place.
  /// Errors: QueueUnderflow when the backlog is full; QueueClosed when closed and empty.
  Deferred<T> get() {
    const Firing firing;
    if (available()) {
      if (!budget_is_spent()) [[likely]] return Deferred<T>(Outcome<T>(take_next().value));
      // The getter will be suspended although its value is there, and may be dropped then.
      auto* getter = new Getter;
      Deferred<T> result(getter);
      getter->hand(*this, take_next());
      return result;
    }
    if (closed_) return fail<T>(queue_closed());
    if (getters_.size() >= limits_.backlog) return fail<T>(queue_underflow(limits_.backlog));
    auto* getter = new Getter;
    getters_.add(*getter);
    return Deferred<T>(getter);
  }

  /// The next value, if there is one now.
  std::optional<T> try_get() {
    const Firing firing;
    if (!available()) return std::nullopt;
    return take_next().value;
  }

  /// Takes nothing more: waiting pushes and gets fail with QueueClosed. What it holds may still be got.
  void close() noexcept {
    const Firing firing;
    if (std::exchange(closed_, true)) return;
    if (!getters_.empty()) getters_.fail_all(queue_closed());
    if (!pushers_.empty()) pushers_.fail_all(queue_closed());
  }
  bool closed() const noexcept { return closed_; }

  /// Values it holds. May exceed the limit when values came back.
  std::size_t size() const noexcept { return store_.size() + returned_size_; }
  bool empty() const noexcept { return size() == 0; }
  /// Gets that wait for a value.
  std::size_t waiting_gets() const noexcept { return getters_.size(); }
  /// Pushes that wait for room.
  std::size_t waiting_pushes() const noexcept { return pushers_.size(); }

 private:
  using Item = Numbered<T>;

  struct Pusher final : ListedWaiter<void> {
    explicit Pusher(T&& value) noexcept : value(std::move(value)) {}
    T value;
  };

  struct Getter final : ListedWaiter<T> {
    void hand(QueueCore& queue, Item given) noexcept {
      queue_ = BackReference<QueueCore>(queue);
      sequence = given.sequence;
      this->give(Outcome<T>(std::move(given.value)));
    }
    bool lends() const noexcept override { return queue_.get() && this->value_; }
    void discard_unseen() noexcept override {
      QueueCore* queue = this->value_ ? queue_.release() : nullptr;
      if (!queue || !queue->take_back(*this)) delete this;
    }
    T& value() noexcept { return *this->value_; }

    BackReference<QueueCore> queue_;
    std::uint64_t sequence = 0;
    Getter* next = nullptr;  // among the returned
  };

  bool available() const noexcept { return size() > 0 || !pushers_.empty(); }

  /// Hands `value` to the first getter, if one waits. Then the queue is empty: nothing is overtaken.
  bool serve(T& value) noexcept {
    auto* getter = getters_.pop();
    if (getter) static_cast<Getter*>(getter)->hand(*this, {std::move(value), sequence_++});
    return getter != nullptr;
  }

  Item take_next() {
    if (empty()) {
      // The limit is 0: from hand to hand.
      auto& pusher = static_cast<Pusher&>(*pushers_.pop());
      pusher.give({});
      return {std::move(pusher.value), sequence_++};
    }
    Item next = returned_goes_first() ? pop_returned() : store_.pop();
    while (!pushers_.empty() && size() < limits_.size) {
      auto& pusher = static_cast<Pusher&>(*pushers_.pop());
      pusher.give({});
      store_.push({std::move(pusher.value), sequence_++});
    }
    return next;
  }
  bool returned_goes_first() const {
    if (!returned_ || store_.size() == 0) return returned_;
    const Item& front = store_.front();
    return store_.before(returned_->value(), returned_->sequence, front.value, front.sequence);
  }
  Item pop_returned() noexcept {
    Getter* first = std::exchange(returned_, returned_->next);
    if (!returned_) last_returned_ = nullptr;
    --returned_size_;
    Item next{std::move(first->value()), first->sequence};
    delete first;
    return next;
  }

  /// A value comes back. True when its node is kept; no user code runs but comparisons and moves.
  bool take_back(Getter& node) noexcept {
    if (auto* getter = getters_.pop()) {
      static_cast<Getter*>(getter)->hand(*this, {std::move(node.value()), node.sequence});
      return false;
    }
    const auto goes_before = [&](Getter& other) {
      return store_.before(node.value(), node.sequence, other.value(), other.sequence);
    };
    Getter** place = &returned_;
    if (last_returned_ && !goes_before(*last_returned_)) place = &last_returned_->next;
    while (*place && !goes_before(**place)) place = &(*place)->next;
    node.next = *place;
    *place = &node;
    if (!node.next) last_returned_ = &node;
    ++returned_size_;
    return true;
  }

  QueueLimits limits_;
  Store store_;
  std::uint64_t sequence_ = 0;  // of the next value to come in
  Getter* returned_ = nullptr;
  Getter* last_returned_ = nullptr;
  std::size_t returned_size_ = 0;
  bool closed_ = false;
  WaitList<void> pushers_{"a queue"};
  WaitList<T> getters_{"a queue"};
};

/// Values in the order they came.
template <class T>
class FifoStore {
 public:
  void push(Numbered<T> item) { items_.push_back(std::move(item)); }
  Numbered<T> pop() noexcept {
    Numbered<T> first = std::move(items_.front());
    items_.pop_front();
    return first;
  }
  const Numbered<T>& front() const noexcept { return items_.front(); }
  std::size_t size() const noexcept { return items_.size(); }
  static bool before(const T&, std::uint64_t a, const T&, std::uint64_t b) noexcept { return a < b; }

 private:
  std::deque<Numbered<T>> items_;
};

}  // namespace detail

/// Values of T, which moves without throwing. Destroying a Queue destroys what it holds and fails those who
/// wait with BrokenPromise.
template <class T>
class Queue final : public detail::QueueCore<T, detail::FifoStore<T>> {
 public:
  explicit Queue(QueueLimits limits = {}) : detail::QueueCore<T, detail::FifoStore<T>>(limits, {}) {}
};

}  // namespace torc
