// Deferred<T>: the one asynchronous result.
//
// The consumer's end of an operation that will give a T or a Failure, or already has. Move-only; it
// owns the operation behind it. Three ways to let go, and no fourth:
//   - destroy it:  a pending operation is torn down; nothing it would have called runs afterwards;
//   - cancel():    the operation ends with Cancelled, which whoever waits receives;
//   - detach():    the operation goes on in the background; a failure at its end is logged.
// A failure that nobody looked at is reported when the Deferred is destroyed.
//
// Wait for it with `then` (callbacks) or `co_await` (torc/async/coroutine.hpp makes Deferred a
// coroutine's return type). A ready result lives in the Deferred itself: no allocation.
// One thread: a Deferred belongs to the thread of its scheduler. Exact rules: docs/design/semantics.md.
#pragma once

#include <torc/async/operation.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/outcome.hpp>

#include <concepts>
#include <exception>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace torc {

template <class T>
class Deferred;

namespace detail {

/// An operation with a result of type T.
template <class T>
class OperationOf : public Operation {
 public:
  /// Takes the result of a fired operation; discard() it afterwards.
  Outcome<T> take() noexcept {
    if (this->failure()) return this->failure().take();
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return std::move(*value_);
    }
  }
  /// Whether somebody wants the value back if it is not taken: discard_unseen() gives it to him.
  virtual bool lends() const noexcept { return false; }
  /// After take(), for whoever passes a lent value on: the operation to keep until it is taken there, or else to be
  /// given it by put_back() and discard_unseen(). Null for none, or when this has handed it over.
  virtual OperationOf* lender() noexcept { return lends() ? this : nullptr; }
  /// Undoes take().
  template <class U>
  void put_back(U&& value) noexcept {
    value_.emplace(std::forward<U>(value));
  }

 protected:
  ~OperationOf() = default;
  using Operation::fire;

  void fire(Outcome<T> outcome) noexcept {
    set(std::move(outcome));
    Operation::fire();
  }
  void set(Outcome<T> outcome) noexcept {
    if (!outcome) {
      this->failure() = std::move(outcome).error();
    } else if constexpr (!std::is_void_v<T>) {
      value_.emplace(*std::move(outcome));
    }
  }

  struct Nothing {};
  [[no_unique_address]] std::conditional_t<std::is_void_v<T>, Nothing, std::optional<T>> value_;
};

template <class T>
class CoroutinePromise;

void detach(Operation* operation, std::source_location where);

/// What a stage that returned R gives: Deferred<U> and Outcome<U> give U, Failure gives nothing.
struct Never {};
template <class R>
struct ResultOf {
  using type = R;
};
template <>
struct ResultOf<Failure> {
  using type = Never;
};
template <class U>
struct ResultOf<Deferred<U>> {
  using type = U;
};
template <class U>
struct ResultOf<Outcome<U>> {
  using type = U;
};

template <class F, class T>
struct CalledWith {
  static_assert(std::invocable<F, T>, "this stage function cannot be called with the result of the Deferred before it");
  using type = std::invoke_result_t<F, T>;
};
template <class F>
struct CalledWith<F, void> {
  static_assert(std::invocable<F>, "a stage behind a Deferred<void> is called with nothing");
  using type = std::invoke_result_t<F>;
};

/// The result type of a stage function called with a T (nothing, for void).
template <class F, class T>
using StageResult = typename ResultOf<typename CalledWith<F, T>::type>::type;

/// The one type of two branches.
template <class A, class B>
struct Agreed {
  static_assert(std::same_as<A, B> || std::same_as<A, Never> || std::same_as<B, Never>,
                "both functions of then(on_value, on_error) must give the same type, or one a Failure");
  using type = std::conditional_t<std::same_as<A, Never>, B, A>;
};
template <>
struct Agreed<Never, Never> {
  using type = void;
};

}  // namespace detail

namespace detail {
template <class T>
constexpr bool is_deferred = false;
template <class T>
constexpr bool is_deferred<Deferred<T>> = true;
}  // namespace detail

template <class T = void>
class [[nodiscard("a Deferred that is dropped cancels its operation: keep, await or detach() it")]] Deferred {
  static_assert(!std::is_reference_v<T>, "a Deferred gives a value: use a pointer or std::reference_wrapper");
  static_assert(!detail::is_deferred<T>, "a Deferred of a Deferred: return the inner one from a stage, or co_await it");

 public:
  using value_type = T;
  using promise_type = detail::CoroutinePromise<T>;

  /// A Deferred that has fired already.
  explicit Deferred(Outcome<T>&& outcome) noexcept : ready_(std::move(outcome)) {}
  template <class U>
  Deferred(std::in_place_t, U&& value) : ready_(std::in_place, std::forward<U>(value)) {}
  /// A Deferred that owns `operation`. For producers built on detail::OperationOf.
  explicit Deferred(detail::OperationOf<T>* operation) noexcept : operation_(operation) {}

  Deferred(Deferred&& other) noexcept
      : operation_(std::exchange(other.operation_, nullptr)), ready_(std::exchange(other.ready_, std::nullopt)) {}
  Deferred& operator=(Deferred&& other) noexcept {
    if (this != &other) {
      let_go();
      operation_ = std::exchange(other.operation_, nullptr);
      ready_ = std::exchange(other.ready_, std::nullopt);
    }
    return *this;
  }
  ~Deferred() { let_go(); }

  /// True until the result is there.
  bool pending() const noexcept { return operation_ && !operation_->fired(); }
  /// True when the result is there and has not been taken.
  bool fired() const noexcept { return ready_ || (operation_ && operation_->fired()); }

  /// Ends the operation with Cancelled as soon as it can, also every later wait in it. Whoever waits is
  /// told: before this returns, or after the current firing. Does nothing when the result is there.
  void cancel() noexcept {
    if (pending()) detail::Operation::request_cancel(operation_);
  }

  /// Lets the operation go on in the background of the current scheduler. A failure is logged.
  void detach(std::source_location where = std::source_location::current()) && {
    if (operation_) {
      detail::detach(std::exchange(operation_, nullptr), where);
    } else {
      let_go();
      ready_.reset();
    }
  }

  /// Takes the result, which must be there: fired() tells. (After cancel() it may come only when the
  /// current firing drains.)
  Outcome<T> take() noexcept {
    if (!fired()) [[unlikely]] detail::misuse("take() on a Deferred that has not fired, or whose result was taken");
    if (ready_) {
      Outcome<T> outcome = *std::move(ready_);
      ready_.reset();
      return outcome;
    }
    Outcome<T> outcome = of(operation_)->take();
    std::exchange(operation_, nullptr)->discard();
    return outcome;
  }

  /// Calls `on_value` with the value when it comes; a failure passes by. Gives what the function
  /// returns: a value, or the result of a Deferred or Outcome; a Failure or a throw makes it fail.
  /// When the result is there already, the function runs before this returns. `where` is for reports.
  template <class OnValue>
  auto then(OnValue on_value, std::source_location where = std::source_location::current()) &&;

  /// As then(on_value), with `on_error` called with the Failure instead. One of the two runs.
  template <class OnValue, class OnError>
  auto then(OnValue on_value, OnError on_error, std::source_location where = std::source_location::current()) &&;

  /// Calls `f` with the Failure; values pass by. `f` gives a T, or fails again.
  template <class F>
  Deferred<T> recover(F f, std::source_location where = std::source_location::current()) &&;

  /// Calls `f` with the error if it is an E (as `const E&`, or as the Failure); all else passes by.
  template <class E, class F>
  Deferred<T> recover(F f, std::source_location where = std::source_location::current()) &&;

  /// Calls `f` with the Outcome, whatever it is.
  template <class F>
  auto then_outcome(F f, std::source_location where = std::source_location::current()) &&;

  /// Calls `f` with nothing when the result is there, then passes the result on. If `f` returns a
  /// Deferred<void>, the result waits for it; if `f` fails, its failure replaces the result.
  template <class F>
  Deferred<T> finally(F f, std::source_location where = std::source_location::current()) &&;

  /// The failure that is here, or null: for whoever passes it on.
  Failure* failed() noexcept {
    if (ready_) return ready_->has_value() ? nullptr : &ready_->error();
    return operation_ && operation_->fired() && operation_->failure() ? &operation_->failure().failure : nullptr;
  }
  /// Whether somebody wants the value that is here back if it is not taken.
  bool lends() const noexcept { return fired() && operation_ && of(operation_)->lends(); }
  /// Hands over the pending operation, or null when the result is inside this Deferred.
  detail::Operation* release_operation() noexcept { return std::exchange(operation_, nullptr); }
  /// Where the operation is held; for whoever waits.
  detail::Operation** slot() noexcept { return &operation_; }

 private:
  static detail::OperationOf<T>* of(detail::Operation* operation) noexcept {
    return static_cast<detail::OperationOf<T>*>(operation);
  }
  void let_go() noexcept {
    if (operation_) {
      detail::Operation::drop(std::exchange(operation_, nullptr));
    } else if (ready_ && !ready_->has_value() && !ready_->error().template check<Cancelled>()) [[unlikely]] {
      detail::report_unhandled(ready_->error(), "in a result that was dropped unseen");
    }
  }

  detail::Operation* operation_ = nullptr;
  std::optional<Outcome<T>> ready_;
};

/// A Deferred that has the value `value`.
template <class T>
Deferred<std::decay_t<T>> succeed(T&& value) {
  return Deferred<std::decay_t<T>>(std::in_place, std::forward<T>(value));
}
inline Deferred<void> succeed() { return Deferred<void>(Outcome<void>()); }

/// A Deferred that has failed with `failure`.
template <class T = void>
Deferred<T> fail(Failure failure) {
  return Deferred<T>(Outcome<T>(std::move(failure)));
}
/// A Deferred that has failed with `error`.
template <class T = void, class E>
  requires(!std::is_same_v<std::decay_t<E>, Failure>)
Deferred<T> fail(E&& error, std::source_location origin = std::source_location::current()) {
  return Deferred<T>(Outcome<T>(Failure(std::forward<E>(error), origin)));
}

}  // namespace torc

#include <torc/async/stage.hpp>  // the bodies of then and its kin
