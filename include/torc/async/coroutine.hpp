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
#include <torc/async/later.hpp>
#include <torc/async/yield.hpp>
#include <torc/base/errors.hpp>

#include <coroutine>
#include <memory>
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

/// Awaited, ends the coroutine with a failure and without a throw: `co_await raise(failure);`
/// The coroutine does not go on. Its locals and parameters are destroyed at once, as by a throw, then whoever
/// waits gets the failure; no handler in the coroutine sees it. Where there is a result, `co_return failure;`
/// does the same; a Deferred<void> has only this way.
struct [[nodiscard]] Raise {
  Failure failure;
};
inline Raise raise(Failure failure) { return {std::move(failure)}; }
template <class E>
  requires(std::is_class_v<std::decay_t<E>> && !std::is_same_v<std::decay_t<E>, Failure>)
Raise raise(E&& error, std::source_location origin = std::source_location::current()) {
  return {Failure(std::forward<E>(error), origin)};
}

namespace detail {

/// A frame whose contents are being destroyed and whose memory is to stay, for the operation in it lives on.
struct KeptFrame {
  explicit KeptFrame(const void* operation) noexcept : inside(operation), before(std::exchange(innermost, this)) {}
  ~KeptFrame() { innermost = before; }
  KeptFrame(const KeptFrame&) = delete;
  KeptFrame& operator=(const KeptFrame&) = delete;
  bool holds(const void* frame, std::size_t length) const noexcept {
    return inside >= frame && inside < static_cast<const char*>(frame) + length;
  }

  const void* inside;
  void* block = nullptr;
  std::size_t size = 0;
  KeptFrame* before;
  static constinit thread_local KeptFrame* innermost;
};
inline constinit thread_local KeptFrame* KeptFrame::innermost = nullptr;

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
      self_.next_turn();  // the budget is spent
    } else {
      self_.await(deferred_.slot());
    }
    // The last touch: a coroutine that was dropped while it ran is torn down here.
    self_.suspended();
  }

 protected:
  ~DeferredAwaiter() = default;

  P& self_;
  Deferred<T> deferred_;
};

template <class P>
class YieldAwaiter final {
 public:
  explicit YieldAwaiter(P& self) noexcept : self_(self) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) noexcept {
    self_.yield();
    self_.suspended();
  }
  void await_resume() const noexcept {}

 private:
  P& self_;
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

template <class P>
struct RaiseAwaiter final {
  P& self;
  Failure failure;
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) noexcept { self.raise(Failure(std::move(failure))); }
  [[noreturn]] void await_resume() noexcept { misuse("a coroutine went on behind co_await raise()"); }
};

/// What the frames of all coroutines share: how they wait, fail and go on. `Self` derives from this and gives the
/// handle(); `Result` is the operation it is.
template <class Self, class Result>
class CoroutineFrame : public Result {
 public:
  auto final_suspend() noexcept {
    struct End {
      Self& self;
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<>) noexcept {
        if (self.leave()) self.ended();
      }
      void await_resume() noexcept {}
    };
    return End{self()};
  }
  void unhandled_exception() noexcept {
    this->failure() = Failure::passing(last_await_, "co_await");
    threw_ = true;
  }

  template <class U>
  auto await_transform(Deferred<U>&& deferred, std::source_location where = std::source_location::current()) noexcept {
    last_await_ = where;
    return ValueAwaiter<Self, U>(self(), std::move(deferred));
  }
  template <class U>
  auto await_transform(Deferred<U>& deferred, std::source_location where = std::source_location::current()) noexcept {
    return await_transform(std::move(deferred), where);
  }
  template <class U>
  auto await_transform(AsOutcome<U>&& wanted, std::source_location where = std::source_location::current()) noexcept {
    last_await_ = where;
    return OutcomeAwaiter<Self, U>(self(), std::move(wanted.deferred));
  }
  auto await_transform(Yield, std::source_location where = std::source_location::current()) noexcept {
    last_await_ = where;
    return YieldAwaiter<Self>(self());
  }

  // For awaiters.
  void await(Operation** slot) noexcept {
    if (!*slot) misuse("co_await on a Deferred whose result was taken or moved away");
    this->wait_for(slot);
  }
  void next_turn() noexcept { later_.next_turn(*this); }
  void yield() noexcept { later_.yield(*this); }
  void suspended() noexcept {
    waits_since_ = current.turn_began;
    static_cast<void>(this->leave());
  }
  WaitSite site() const noexcept override { return {"co_await", last_await_, waits_since_}; }

 protected:
  ~CoroutineFrame() = default;

  void run() noexcept {
    const Home home(*this);
    this->enter();
    self().handle().resume();
  }
  /// The body is over; its result or failure is in place.
  void ended() noexcept { this->fire(); }
  void inner_fired(Operation& inner) noexcept override {
    this->wait_for_nothing();
    if (later_.postpones(inner, *this)) return;
    run();
  }
  void discard() noexcept override {
    // Parameters die here, not where an exception left the body: they were cut off all the same.
    const TearingDown cut(RunQueue::current().tearing_down() || threw_);
    self().handle().destroy();
  }
  void abandon() noexcept override { self().handle().destroy(); }

  std::source_location last_await_;  // where a failure that leaves the body is said to come from
  Instant waits_since_{};

 private:
  friend Self;
  Later later_;
  Self& self() noexcept { return static_cast<Self&>(*this); }

  bool threw_ = false;
};

/// A frame that is itself what the compiler takes for the promise object.
template <class Self, class Result>
class PromiseFrame : public CoroutineFrame<Self, Result> {
 public:
  static void* operator new(std::size_t size) { return pool_allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept { pool_release(block, size); }
  std::coroutine_handle<Self> handle() noexcept {
    return std::coroutine_handle<Self>::from_promise(static_cast<Self&>(*this));
  }
};

/// The operation of a coroutine that gives a Deferred. It lies inside the promise object and survives the rest of
/// the frame behind a raise().
template <class T>
class CoroutineOperation final : public CoroutineFrame<CoroutineOperation<T>, OperationOf<T>> {
  using Frame = CoroutineFrame<CoroutineOperation<T>, OperationOf<T>>;

 public:
  CoroutineOperation() noexcept { this->enter(); }

  template <class U>
  void give(U&& value) {
    this->value_.emplace(std::forward<U>(value));
  }
  using Frame::await_transform;
  auto await_transform(Raise&& raised) noexcept {
    return RaiseAwaiter<CoroutineOperation>{*this, std::move(raised.failure)};
  }

  // For awaiters.
  void raise(Failure failure) noexcept {
    const Firing firing;  // what the destructors of locals fire comes later
    {
      const TearingDown cut(true);
      KeptFrame frame(this);
      outlives_contents_ = true;
      handle().destroy();
      block_ = frame.block;
      size_ = frame.size;
    }
    if (this->leave()) this->fire(std::move(failure));
  }
  bool outlives_contents() const noexcept { return outlives_contents_; }

  // We are the first and only member of the promise object.
  std::coroutine_handle<CoroutinePromise<T>> handle() noexcept {
    return std::coroutine_handle<CoroutinePromise<T>>::from_promise(*reinterpret_cast<CoroutinePromise<T>*>(this));
  }

 private:
  void free_block() noexcept {
    void* const block = block_;
    const std::size_t size = size_;
    std::destroy_at(this);
    pool_release(block, size);
  }
  void discard() noexcept override { outlives_contents_ ? free_block() : Frame::discard(); }
  void abandon() noexcept override { outlives_contents_ ? free_block() : Frame::abandon(); }

  bool outlives_contents_ = false;  // behind a raise(): only we are left, in this block
  void* block_ = nullptr;
  std::size_t size_ = 0;
};

/// What the compiler takes for the promise object: the operation, which it may not destroy after a raise().
template <class T>
class CoroutinePromiseBase {
 public:
  static void* operator new(std::size_t size) { return pool_allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept {
    if (KeptFrame* const kept = KeptFrame::innermost; kept && kept->holds(block, size)) [[unlikely]] {
      kept->block = block;
      kept->size = size;
      return;
    }
    pool_release(block, size);
  }

  Deferred<T> get_return_object() noexcept { return Deferred<T>(&operation_); }
  std::suspend_never initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept { return operation_.final_suspend(); }
  void unhandled_exception() noexcept { operation_.unhandled_exception(); }
  template <class Awaited>
  auto await_transform(Awaited&& awaited, std::source_location where = std::source_location::current()) noexcept
    requires(requires(CoroutineOperation<T>& operation) { operation.await_transform(std::forward<Awaited>(awaited), where); })
  {
    return operation_.await_transform(std::forward<Awaited>(awaited), where);
  }
  auto await_transform(Raise&& raised) noexcept { return operation_.await_transform(std::move(raised)); }

 protected:
  CoroutinePromiseBase() noexcept : operation_() {}
  ~CoroutinePromiseBase() {
    if (!operation_.outlives_contents()) std::destroy_at(&operation_);
  }

  union {
    CoroutineOperation<T> operation_;
  };
};

template <class T>
class CoroutinePromise : public CoroutinePromiseBase<T> {
 public:
  /// `co_return failure;` fails without throwing.
  void return_value(Failure failure) noexcept { this->operation_.failure() = std::move(failure); }
  void return_value(T value) { this->operation_.give(std::move(value)); }
};
template <>
class CoroutinePromise<void> : public CoroutinePromiseBase<void> {
 public:
  void return_void() noexcept {}
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

// The first parameter of a member coroutine is its object: for a lambda, itself by reference (`this auto&&` included).
template <class T, class Self, class... Args>
  requires(torc::detail::is_lambda<std::remove_const_t<Self>>())
struct std::coroutine_traits<torc::Deferred<T>, Self&, Args...> {
  using promise_type = torc::detail::LambdaCoroutine<torc::detail::CoroutinePromise<T>, std::remove_const_t<Self>>;
};
template <class T, class Self, class... Args>
  requires(torc::detail::is_lambda<std::remove_const_t<Self>>())
struct std::coroutine_traits<torc::Deferred<T>, Self&&, Args...> {
  using promise_type = torc::detail::LambdaCoroutine<torc::detail::CoroutinePromise<T>, std::remove_const_t<Self>>;
};
