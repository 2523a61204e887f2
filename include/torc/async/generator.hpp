// AsyncGenerator<T>: a coroutine that gives one value after another and may wait between them.
//
//   torc::AsyncGenerator<Row> rows(Query query) {
//     while (auto row = co_await query.fetch()) co_yield *std::move(row);
//   }
//   auto all = rows(std::move(query));
//   while (auto row = co_await all.next()) use(*row);
//
// Nothing runs before the first next(), and then only up to the next co_yield: who does not ask is not overrun.
// The frame comes from the thread's pool and waits like that of any coroutine; a value that comes without a wait
// costs no allocation.
//
// The AsyncGenerator owns the frame: dropping it tears that down, leaf first, also while a next() pends, which
// fails with BrokenPromise. Rules for lambdas and parameters are those of coroutine.hpp. One thread.
#pragma once

#include <torc/async/coroutine.hpp>
#include <torc/async/deferred.hpp>
#include <torc/base/errors.hpp>

#include <coroutine>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace torc {

template <class T>
class AsyncGenerator;

/// next() while the next() before it pends, or from inside the generator itself.
class GeneratorBusy : public Error {
 public:
  using Error::Error;
};

namespace detail {

Failure generator_busy();
Failure generator_dropped();

template <class T>
class GeneratorOperation;

/// A next() whose value was not there at once. It and the frame know each other; either may go first.
template <class T>
class NextOperation final : public OperationOf<std::optional<T>>, public Pooled {
 public:
  explicit NextOperation(GeneratorOperation<T>& generator) noexcept : generator_(&generator) {}
  WaitSite site() const noexcept override { return generator_ ? generator_->site() : WaitSite{}; }

 private:
  friend GeneratorOperation<T>;
  void give(Outcome<std::optional<T>> outcome) noexcept { OperationOf<std::optional<T>>::fire(std::move(outcome)); }
  void generator_gone() noexcept {
    generator_ = nullptr;
    if (this->fired()) return;
    this->failure() = generator_dropped();
    this->fire_later();
  }
  void cancel_leaf() noexcept override { Operation::request_cancel(generator_); }
  void discard() noexcept override {
    if (generator_) generator_->next_ = nullptr;
    delete this;
  }
  void discard_unseen() noexcept override {
    if (generator_ && this->value_ && *this->value_) generator_->value_ = *std::move(this->value_);  // for another
    discard();
  }
  void abandon() noexcept override {
    if (generator_) generator_->next_ = nullptr;
    delete this;
  }

  GeneratorOperation<T>* generator_;  // null when that is gone
};

/// The frame of an AsyncGenerator. It never fires: what it gives goes to the NextOperation that waits, or stays
/// here for the next() to come.
template <class T>
class GeneratorOperation : public PromiseFrame<GeneratorOperation<T>, Operation> {
 public:
  ~GeneratorOperation() {
    if (gone_) *gone_ = true;
    if (next_) next_->generator_gone();
    if (this->failure() && !this->failure().failure.template check<Cancelled>()) {
      report_unhandled(this->failure().failure, "in a generator that was dropped");
    }
  }

  AsyncGenerator<T> get_return_object() noexcept { return AsyncGenerator<T>(this); }
  std::suspend_always initial_suspend() noexcept { return {}; }
  void return_void() noexcept {}

  auto yield_value(T value, std::source_location where = std::source_location::current()) noexcept {
    struct Yield {
      GeneratorOperation& self;
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<>) noexcept {
        if (self.leave()) self.stopped();
      }
      void await_resume() noexcept {}
    };
    this->last_await_ = where;
    value_.emplace(std::move(value));
    return Yield{*this};
  }

  Deferred<std::optional<T>> next() {
    if (next_ || this->running()) return fail<std::optional<T>>(generator_busy());
    const Firing firing;
    if (!has_result() && !begun_) {
      bool gone = false;  // its code may drop the generator
      gone_ = &gone;
      begun_ = true;
      this->run();
      if (gone) return fail<std::optional<T>>(generator_dropped());
      gone_ = nullptr;
    }
    // With the budget spent, who waits will be suspended although the value is there, and may be dropped then.
    if (has_result() && !budget_is_spent()) [[likely]] return Deferred<std::optional<T>>(take_result());
    next_ = new NextOperation<T>(*this);
    Deferred<std::optional<T>> result(next_);
    if (has_result()) next_->give(take_result());
    return result;
  }

  /// The AsyncGenerator is gone.
  void let_go() noexcept {
    // A body that has ended was not cut off.
    done_ ? this->discard() : Operation::drop(this);
  }

 private:
  friend NextOperation<T>;
  friend CoroutineFrame<GeneratorOperation<T>, Operation>;
  friend PromiseFrame<GeneratorOperation<T>, Operation>;

  bool has_result() const noexcept { return value_ || done_; }
  Outcome<std::optional<T>> take_result() noexcept {
    if (value_) return std::exchange(value_, std::nullopt);
    if (this->failure()) return this->failure().take();  // once; from then on it has merely ended
    return std::optional<T>();
  }
  // At a co_yield or at the end: whoever waits runs, and may drop this.
  void stopped() noexcept {
    begun_ = false;
    if (next_) next_->give(take_result());
  }
  void ended() noexcept {
    done_ = true;
    stopped();
  }

  std::optional<T> value_;            // yielded and not given
  NextOperation<T>* next_ = nullptr;  // waits, or was given something and has not been asked for it
  bool* gone_ = nullptr;
  bool begun_ = false;                // on its way to the next co_yield
  bool done_ = false;
};

}  // namespace detail

/// Gives values of T, which moves without throwing. Move-only.
template <class T>
class [[nodiscard("nothing runs until next() is called")]] AsyncGenerator {
  static_assert(!std::is_reference_v<T>, "an AsyncGenerator gives values: use a pointer or std::reference_wrapper");
  static_assert(std::is_nothrow_move_constructible_v<T>, "what an AsyncGenerator gives moves without throwing");

 public:
  using value_type = T;
  using promise_type = detail::GeneratorOperation<T>;

  AsyncGenerator(AsyncGenerator&& other) noexcept : operation_(std::exchange(other.operation_, nullptr)) {}
  AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
    AsyncGenerator before(std::move(*this));
    operation_ = std::exchange(other.operation_, nullptr);
    return *this;
  }
  ~AsyncGenerator() {
    if (operation_) operation_->let_go();
  }

  /// Runs the generator to its next co_yield and gives that value; nothing when the body has ended, then and
  /// whenever it is called again. What the body fails with comes once, instead of that.
  /// Cancellation: cancelling reaches the generator's innermost wait and stays, as with any coroutine; a value
  /// that still comes wins. Dropping one that pends lets the generator go on to its co_yield: that value is for the
  /// next next(), and so is one that was given but not taken.
  /// Errors: GeneratorBusy while the next() before pends or its result has not been taken; BrokenPromise when the
  /// generator is destroyed meanwhile.
  Deferred<std::optional<T>> next() {
    if (!operation_) detail::misuse("next() on an AsyncGenerator that was moved away");
    return operation_->next();
  }

 private:
  friend promise_type;
  explicit AsyncGenerator(promise_type* operation) noexcept : operation_(operation) {}

  promise_type* operation_;
};

}  // namespace torc

template <class T, class Self, class... Args>
  requires(torc::detail::is_lambda<std::remove_const_t<Self>>())
struct std::coroutine_traits<torc::AsyncGenerator<T>, Self&, Args...> {
  using promise_type = torc::detail::LambdaCoroutine<torc::detail::GeneratorOperation<T>, std::remove_const_t<Self>>;
};
template <class T, class Self, class... Args>
  requires(torc::detail::is_lambda<std::remove_const_t<Self>>())
struct std::coroutine_traits<torc::AsyncGenerator<T>, Self&&, Args...> {
  using promise_type = torc::detail::LambdaCoroutine<torc::detail::GeneratorOperation<T>, std::remove_const_t<Self>>;
};
