// Promise<T>: the producer's end of a Deferred.
//
//   auto [deferred, promise] = torc::make_deferred<int>();
//
// Firing is synchronous: outside any firing, what waits runs before set_value returns; inside one it
// joins the queue of the outermost. A promise touches nothing of itself after handing over, so a
// continuation may destroy it. One thread: a promise is fired on the thread of its Deferred.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/errors.hpp>

#include <functional>

namespace torc {

template <class T>
class Promise;

namespace detail {

/// Stops the program: a promise was fired twice.
[[noreturn]] void fired_twice(const std::source_location& first, const std::source_location& second) noexcept;

template <class T>
class PromiseOperation final : public OperationOf<T>, public Pooled {
 public:
  explicit PromiseOperation(Promise<T>* producer) noexcept : producer_(producer) {}

 private:
  friend class Promise<T>;

  void discard() noexcept override { delete this; }
  void abandon() noexcept override {
    unregister();
    delete this;
  }
  void cancel_leaf() noexcept override {
    unregister();
    this->fire(Failure(Cancelled{}));
  }
  // Tells the producer that nobody waits any more.
  void unregister() noexcept {
    if (producer_) std::exchange(producer_, nullptr)->operation_ = nullptr;
    if (auto canceller = std::exchange(canceller_, nullptr)) canceller();
  }

  Promise<T>* producer_;
  std::move_only_function<void() noexcept> canceller_;
};

}  // namespace detail

template <class T = void>
class Promise {
 public:
  Promise(Promise&& other) noexcept
      : operation_(std::exchange(other.operation_, nullptr)), fired_at_(other.fired_at_) {
    if (operation_) operation_->producer_ = this;
  }
  Promise& operator=(Promise&& other) noexcept {
    if (this != &other) {
      std::destroy_at(this);
      std::construct_at(this, std::move(other));
    }
    return *this;
  }
  /// A promise that dies unfired fails its Deferred with BrokenPromise, in the next firing or turn.
  ~Promise() {
    if (!operation_) return;
    operation_->producer_ = nullptr;
    operation_->failure() = Failure(BrokenPromise("the producer went away without giving a result"));
    operation_->fire_later();
  }

  /// Gives the value. Does nothing when the consumer is gone; a second firing stops the program.
  template <class U = T>
    requires(!std::is_void_v<T>)
  void set_value(U&& value, std::source_location where = std::source_location::current()) {
    T made(std::forward<U>(value));  // may throw: the promise is then as it was
    if (auto* operation = hand_over(where)) operation->fire(Outcome<T>(std::move(made)));
  }
  void set_value(std::source_location where = std::source_location::current())
    requires(std::is_void_v<T>)
  {
    if (auto* operation = hand_over(where)) operation->fire(Outcome<void>());
  }

  /// Gives a failure. Otherwise as set_value.
  void set_error(Failure failure, std::source_location where = std::source_location::current()) {
    if (auto* operation = hand_over(where)) operation->fire(std::move(failure));
  }
  template <class E>
    requires(!std::is_same_v<std::decay_t<E>, Failure>)
  void set_error(E&& error, std::source_location where = std::source_location::current()) {
    set_error(Failure(std::forward<E>(error), where), where);
  }

  /// True while somebody waits, or may still come to.
  bool wanted() const noexcept { return operation_ != nullptr; }

  /// What to do when the consumer cancels or drops a pending Deferred: unregister, nothing else.
  /// It must not run user code, fire promises or throw.
  void on_cancel(std::move_only_function<void() noexcept> canceller) {
    if (operation_) operation_->canceller_ = std::move(canceller);
  }

 private:
  friend class detail::PromiseOperation<T>;
  template <class U>
  friend auto make_deferred();

  Promise() : operation_(new detail::PromiseOperation<T>(this)) {}

  detail::PromiseOperation<T>* hand_over(const std::source_location& where) noexcept {
    if (fired_at_.line() != 0) [[unlikely]] detail::fired_twice(fired_at_, where);
    fired_at_ = where;
    auto* operation = std::exchange(operation_, nullptr);
    if (operation) {
      operation->producer_ = nullptr;
      operation->canceller_ = nullptr;
    }
    return operation;
  }

  detail::PromiseOperation<T>* operation_;
  std::source_location fired_at_;  // line 0: not yet
};

/// What make_deferred returns, for structured bindings: `auto [deferred, promise] = ...`.
template <class T>
struct DeferredPair {
  Deferred<T> deferred;
  Promise<T> promise;
};

/// The two ends of a new asynchronous result.
template <class T = void>
auto make_deferred() {
  Promise<T> promise;
  Deferred<T> deferred(promise.operation_);
  return DeferredPair<T>{std::move(deferred), std::move(promise)};
}

}  // namespace torc
