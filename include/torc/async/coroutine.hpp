// Coroutines: Deferred<T> as a coroutine's return type, and what can be awaited in one.
//
// A coroutine starts at once and runs to its first pending await. Its frame is the operation: one
// allocation, from a per-thread pool. `co_await d` takes the state of `d`, waits, and gives the value or
// throws the error; `co_await as_outcome(d)` gives an Outcome and does not throw. Taking results that
// are ready spends the budget of the turn, so a loop over them cannot starve others.
//
// Cancelling a coroutine reaches its innermost wait and stays: every later unshielded wait on something
// pending throws Cancelled; results that are ready are still delivered (semantics, rule 7).
//
// A lambda that captures must take `this auto self`, so that its captures live in the frame:
//   [x](this auto self) -> torc::Deferred<void> { ... }
// The plain form would dangle after the first wait and does not compile.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/async/home.hpp>
#include <torc/base/errors.hpp>

#include <coroutine>
#include <string_view>

namespace torc {

/// Awaited, gives the Outcome instead of throwing: `auto page = co_await as_outcome(http::get(url));`
template <class T>
struct [[nodiscard]] AsOutcome {
  Deferred<T> deferred;
};
template <class T>
AsOutcome<T> as_outcome(Deferred<T> deferred) {
  return {std::move(deferred)};
}

namespace detail {

template <class T>
class CoroutineResult : public OperationOf<T> {
 public:
  /// `co_return failure;` fails without throwing.
  void return_value(Failure failure) noexcept { this->failure() = std::move(failure); }
  void return_value(T value) { this->value_.emplace(std::move(value)); }

 protected:
  ~CoroutineResult() = default;
};
template <>
class CoroutineResult<void> : public OperationOf<void> {
 public:
  void return_void() noexcept {}

 protected:
  ~CoroutineResult() = default;
};

/// Waits for a Deferred inside a coroutine.
template <class P, class T>
class DeferredAwaiter {
 public:
  DeferredAwaiter(P& self, Deferred<T>&& deferred) noexcept : self_(self), deferred_(std::move(deferred)) {}

  bool await_ready() noexcept {
    if (deferred_.fired()) return --current.budget > 0 || !current.scheduler;
    if (self_.cancel_requested()) {
      deferred_.cancel();
      return deferred_.fired();
    }
    return false;
  }
  void await_suspend(std::coroutine_handle<>) noexcept {
    if (deferred_.fired()) {
      turn_.self = &self_;
      current.scheduler->post(turn_);
    } else {
      self_.await(deferred_.slot());
    }
    // The last touch: a coroutine that was dropped while it ran is torn down here.
    self_.suspended();
  }

 protected:
  ~DeferredAwaiter() = default;

  // The budget is spent: go on in the next turn.
  struct Turn final : Posted {
    void run() noexcept override { self->resume(); }
    P* self = nullptr;
  };

  P& self_;
  Deferred<T> deferred_;
  Turn turn_;
};

template <class P, class T>
struct ValueAwaiter final : DeferredAwaiter<P, T> {
  using DeferredAwaiter<P, T>::DeferredAwaiter;
  T await_resume() { return this->deferred_.take().value(); }
};

template <class P, class T>
struct OutcomeAwaiter final : DeferredAwaiter<P, T> {
  using DeferredAwaiter<P, T>::DeferredAwaiter;
  Outcome<T> await_resume() noexcept { return this->deferred_.take(); }
};

/// What the frames of all coroutines share: their memory, how they wait, fail and go. `Promise` is the class that
/// derives from this and is the coroutine's promise, `Result` the operation it is.
template <class Promise, class Result>
class CoroutineFrame : public Result {
 public:
  static void* operator new(std::size_t size) { return pool_allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept { pool_release(block, size); }

  auto final_suspend() noexcept {
    struct End {
      Promise& self;
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<>) noexcept {
        if (self.leave()) self.ended();
      }
      void await_resume() noexcept {}
    };
    return End{promise()};
  }
  void unhandled_exception() noexcept {
    this->failure() = Failure::current(last_await_);
    threw_ = true;
  }

  template <class U>
  auto await_transform(Deferred<U>&& deferred, std::source_location where = std::source_location::current()) noexcept {
    last_await_ = where;
    return ValueAwaiter<Promise, U>(promise(), std::move(deferred));
  }
  template <class U>
  auto await_transform(Deferred<U>& deferred, std::source_location where = std::source_location::current()) noexcept {
    last_await_ = where;
    return ValueAwaiter<Promise, U>(promise(), std::move(deferred));
  }
  template <class U>
  auto await_transform(AsOutcome<U>&& wanted, std::source_location where = std::source_location::current()) noexcept {
    last_await_ = where;
    return OutcomeAwaiter<Promise, U>(promise(), std::move(wanted.deferred));
  }

  // For awaiters.
  void await(Operation** slot) noexcept {
    if (!*slot) misuse("co_await on a Deferred whose result was taken or moved away");
    this->wait_for(slot);
  }
  void suspended() noexcept {
    waits_since_ = current.turn_began;
    static_cast<void>(this->leave());
  }
  WaitSite site() const noexcept override { return {"co_await", last_await_, waits_since_}; }
  void resume() noexcept {
    const Firing firing;
    run();
  }

 protected:
  ~CoroutineFrame() = default;

  void run() noexcept {
    const Home home(*this);
    this->enter();
    handle().resume();
  }
  /// The body is over; its result or failure is in place.
  void ended() noexcept { this->fire(); }
  void inner_fired(Operation&) noexcept override {
    this->wait_for_nothing();
    run();
  }
  void discard() noexcept override {
    // Parameters die here, not where an exception left the body: they were cut off all the same.
    const TearingDown cut(RunQueue::current().tearing_down() || threw_);
    handle().destroy();
  }
  void abandon() noexcept override { handle().destroy(); }

  std::source_location last_await_;  // where a failure that leaves the body is said to come from
  Instant waits_since_{};

 private:
  friend Promise;
  Promise& promise() noexcept { return static_cast<Promise&>(*this); }
  std::coroutine_handle<Promise> handle() noexcept { return std::coroutine_handle<Promise>::from_promise(promise()); }

  bool threw_ = false;
};

template <class T>
class CoroutineOperation : public CoroutineFrame<CoroutineOperation<T>, CoroutineResult<T>> {
 public:
  CoroutineOperation() noexcept { this->enter(); }

  Deferred<T> get_return_object() noexcept { return Deferred<T>(this); }
  std::suspend_never initial_suspend() noexcept { return {}; }
};

/// True for the type of a lambda expression.
template <class F>
consteval bool is_lambda() {
  if constexpr (std::is_class_v<F>) {
    return std::string_view(__PRETTY_FUNCTION__).find("[F = (lambda at ") != std::string_view::npos;
  } else {
    return false;
  }
}

/// The promise of a lambda that is a coroutine and takes itself by reference: it must not capture.
template <class Promise, class Lambda>
struct LambdaCoroutine : Promise {
  // In the constructor, which is compiled late: the lambda is incomplete where its promise is chosen.
  LambdaCoroutine() {
    static_assert(std::is_empty_v<Lambda>,
                  "this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)");
  }
};

}  // namespace detail
}  // namespace torc

// The first parameter of a member coroutine is its object: for a lambda, itself by reference.
template <class T, class Self, class... Args>
  requires(torc::detail::is_lambda<std::remove_const_t<Self>>())
struct std::coroutine_traits<torc::Deferred<T>, Self&, Args...> {
  using promise_type = torc::detail::LambdaCoroutine<torc::detail::CoroutineOperation<T>, std::remove_const_t<Self>>;
};
