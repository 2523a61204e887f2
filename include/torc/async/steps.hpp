// Steps: a long computation cut into steps, as a coroutine.
//
//   torc::Steps crunch(Data& data) { for (auto& x : data) { work(x); co_yield {}; } }
//   auto task = torc::cooperate(crunch(data));
//
// A step ends at `co_yield {}`. `co_yield deferred` ends one too; the next comes when the result is there, and
// the expression then gives the value or throws the error. Nothing runs before a Cooperator gets to it
// (torc/async/cooperator.hpp). The frame comes from the thread's pool, and is an operation like that of any
// coroutine: dropping it tears down what it waits for, leaf first. There is no co_await in Steps.
//
// Parameters by value live in the frame, references must outlive the task, and a lambda that captures takes
// `this auto self`, as in every torc coroutine (semantics, rule 33). One thread.
#pragma once

#include <torc/async/coroutine.hpp>
#include <torc/async/deferred.hpp>

#include <coroutine>
#include <source_location>
#include <type_traits>
#include <utility>

namespace torc {

class Steps;

namespace detail {

/// Who has the steps made; told when they can go on after a wait.
class Stepper {
 public:
  virtual void can_go_on() noexcept = 0;

 protected:
  ~Stepper() = default;
};

/// What `co_yield {}` yields.
struct EndOfStep {};

/// The frame of a Steps coroutine. It fires when the last step is over; whoever makes the steps asks fired().
class StepsOperation : public PromiseFrame<StepsOperation, OperationOf<void>> {
 public:
  Steps get_return_object() noexcept;
  std::suspend_always initial_suspend() noexcept { return {}; }
  void return_void() noexcept {}

  auto yield_value(EndOfStep, std::source_location where = std::source_location::current()) noexcept {
    struct Pause {
      StepsOperation& self;
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<>) noexcept { self.suspended(); }
      void await_resume() noexcept {}
    };
    last_await_ = where;
    return Pause{*this};
  }
  template <class T>
  auto yield_value(Deferred<T>&& deferred, std::source_location where = std::source_location::current()) noexcept {
    last_await_ = where;
    return Wait<T>{*this, std::move(deferred)};
  }
  template <class T>
  auto yield_value(Deferred<T>& deferred, std::source_location where = std::source_location::current()) noexcept {
    return yield_value(std::move(deferred), where);
  }
  template <class T>
  void await_transform(T&&) = delete;  // Steps wait with co_yield

  void set_stepper(Stepper* stepper) noexcept { stepper_ = stepper; }
  bool waits() const noexcept { return waits_; }
  WaitSite site() const noexcept override { return {waits_ ? "co_yield" : "its next step", last_await_, waits_since_}; }

  /// Runs to the next co_yield. The code in it may drop this.
  void step() noexcept { run(); }

 private:
  template <class T>
  struct Wait {
    StepsOperation& self;
    Deferred<T> deferred;

    bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) noexcept {
      if (!deferred.fired()) {
        self.await(deferred.slot());
        self.waits_ = true;
      }
      self.suspended();
    }
    T await_resume() { return deferred.take().value(); }
  };

  void inner_fired(Operation&) noexcept override {
    this->wait_for_nothing();
    waits_ = false;
    stepper_->can_go_on();
  }

  Stepper* stepper_ = nullptr;
  bool waits_ = false;
};

}  // namespace detail

/// A computation that has not begun. Move-only; dropping it destroys the frame.
class [[nodiscard("nothing runs until cooperate() takes it")]] Steps {
 public:
  using promise_type = detail::StepsOperation;

  Steps(Steps&& other) noexcept : operation_(std::exchange(other.operation_, nullptr)) {}
  Steps& operator=(Steps&& other) noexcept {
    std::swap(operation_, other.operation_);
    return *this;
  }
  ~Steps() {
    if (operation_) detail::Operation::drop(operation_);
  }

  /// Hands over the frame.
  detail::StepsOperation* release_operation() noexcept { return std::exchange(operation_, nullptr); }

 private:
  friend detail::StepsOperation;
  explicit Steps(detail::StepsOperation* operation) noexcept : operation_(operation) {}

  detail::StepsOperation* operation_;
};

inline Steps detail::StepsOperation::get_return_object() noexcept { return Steps(this); }

}  // namespace torc

template <class Self, class... Args>
  requires(torc::detail::is_lambda<std::remove_const_t<Self>>())
struct std::coroutine_traits<torc::Steps, Self&, Args...> {
  using promise_type = torc::detail::LambdaCoroutine<torc::detail::StepsOperation, std::remove_const_t<Self>>;
};
template <class Self, class... Args>
  requires(torc::detail::is_lambda<std::remove_const_t<Self>>())
struct std::coroutine_traits<torc::Steps, Self&&, Args...> {
  using promise_type = torc::detail::LambdaCoroutine<torc::detail::StepsOperation, std::remove_const_t<Self>>;
};
