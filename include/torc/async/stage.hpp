// The callback chain: what Deferred::then, recover, then_outcome and finally do.
//
// A stage is an operation that waits for the one before it, calls its function with that outcome, and,
// when the function returns a pending Deferred, waits for that too. Included by deferred.hpp.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/async/home.hpp>
#include <torc/base/errors.hpp>

#include <functional>

namespace torc {
namespace detail {

/// Calls `f(args...)` and makes a Deferred<U> of whatever it returns.
template <class U, class F, class... Args>
Deferred<U> call_stage(F& f, Args&&... args) {
  using R = std::invoke_result_t<F&, Args...>;
  if constexpr (std::is_void_v<R>) {
    std::invoke(f, std::forward<Args>(args)...);
    return Deferred<U>(Outcome<U>());
  } else if constexpr (std::same_as<R, Deferred<U>>) {
    return std::invoke(f, std::forward<Args>(args)...);
  } else {
    return Deferred<U>(Outcome<U>(std::invoke(f, std::forward<Args>(args)...)));
  }
}

/// Calls `f` with the value in `outcome`.
template <class U, class T, class F>
Deferred<U> call_with_value(F& f, Outcome<T>& outcome) {
  if constexpr (std::is_void_v<T>) {
    return call_stage<U>(f);
  } else {
    return call_stage<U>(f, *std::move(outcome));
  }
}

/// Runs a stage function, turning what it throws into a failed Deferred. A failure gets `where` as a wait.
template <class U, class T, class F>
Deferred<U> run_stage(F& f, Outcome<T>&& outcome, const std::source_location& where) noexcept {
  try {
    Deferred<U> next = f(std::move(outcome));
    if (Failure* const failure = next.failed()) [[unlikely]] failure->waited(where, "then");
    return next;
  } catch (...) {
    return fail<U>(std::move(Failure::current(where).waited(where, "then")));
  }
}

/// F takes an Outcome<T> and returns a Deferred<U>.
template <class T, class U, class F>
class Stage final : public OperationOf<U>, public Pooled {
 public:
  Stage(Operation* upstream, F f, const std::source_location& where)
      : waited_(upstream), function_(std::move(f)), where_(where) {
    this->wait_for(&waited_);
  }
  WaitSite site() const noexcept override { return {"then", where_}; }

 private:
  void inner_fired(Operation& inner) noexcept override {
    this->wait_for_nothing();
    waited_ = nullptr;
    if (!function_) {
      // The Deferred that our function returned has its result.
      auto& last = static_cast<OperationOf<U>&>(inner);
      Outcome<U> outcome = last.take();
      last.discard();
      if (!outcome) outcome.error().waited(where_, "then");
      return this->fire(std::move(outcome));
    }
    auto& upstream = static_cast<OperationOf<T>&>(inner);
    Outcome<T> outcome = upstream.take();
    upstream.discard();
    const Home home(*this);
    // On our stack the function may destroy anything, this stage included.
    F f = *std::move(function_);
    function_.reset();
    this->enter();
    Deferred<U> next = run_stage<U>(f, std::move(outcome), where_);
    if (!this->leave()) return;
    finish(std::move(next));
  }

  void finish(Deferred<U> next) noexcept {
    if (next.fired()) return this->fire(next.take());
    waited_ = next.release_operation();
    if (!waited_) misuse("a stage returned a Deferred whose result was taken or moved away");
#ifndef NDEBUG
    for (const Operation* at = waited_; at; at = at->inner()) {
      if (at == this) misuse("a stage returned the Deferred it is part of: it would wait for itself");
    }
#endif
    this->wait_for(&waited_);
    if (this->cancel_requested()) Operation::request_cancel(waited_);
  }

  void discard() noexcept override { delete this; }
  void abandon() noexcept override { delete this; }

  Operation* waited_;          // upstream, then what the function returned
  std::optional<F> function_;  // empty once called
  std::source_location where_;
};

/// Puts a stage behind `upstream`, or runs it at once when the outcome is there.
template <class U, class T, class F>
Deferred<U> add_stage(Deferred<T>&& upstream, const std::source_location& where, F f) {
  if (upstream.fired()) return run_stage<U>(f, upstream.take(), where);
  Operation* operation = upstream.release_operation();
  if (!operation) misuse("then() on a Deferred whose result was taken or moved away");
  return Deferred<U>(new Stage<T, U, F>(operation, std::move(f), where));
}

}  // namespace detail

template <class T>
template <class OnValue>
auto Deferred<T>::then(OnValue on_value, std::source_location where) && {
  using U = typename detail::Agreed<detail::StageResult<OnValue&, T>, detail::Never>::type;
  return detail::add_stage<U>(std::move(*this), where, [f = std::move(on_value)](Outcome<T>&& outcome) mutable -> Deferred<U> {
    if (!outcome) return fail<U>(std::move(outcome).error());
    return detail::call_with_value<U>(f, outcome);
  });
}

template <class T>
template <class OnValue, class OnError>
auto Deferred<T>::then(OnValue on_value, OnError on_error, std::source_location where) && {
  using U = typename detail::Agreed<detail::StageResult<OnValue&, T>, detail::StageResult<OnError&, Failure>>::type;
  return detail::add_stage<U>(std::move(*this), where, [f = std::move(on_value), e = std::move(on_error)](
                                                    Outcome<T>&& outcome) mutable -> Deferred<U> {
    if (!outcome) return detail::call_stage<U>(e, std::move(outcome).error());
    return detail::call_with_value<U>(f, outcome);
  });
}

template <class T>
template <class F>
Deferred<T> Deferred<T>::recover(F f, std::source_location where) && {
  return detail::add_stage<T>(std::move(*this), where, [f = std::move(f)](Outcome<T>&& outcome) mutable -> Deferred<T> {
    if (outcome) return Deferred<T>(std::move(outcome));
    return detail::call_stage<T>(f, std::move(outcome).error());
  });
}

template <class T>
template <class E, class F>
Deferred<T> Deferred<T>::recover(F f, std::source_location where) && {
  return detail::add_stage<T>(std::move(*this), where, [f = std::move(f)](Outcome<T>&& outcome) mutable -> Deferred<T> {
    if (outcome || !outcome.error().template check<E>()) return Deferred<T>(std::move(outcome));
    Failure failure = std::move(outcome).error();
    if constexpr (std::invocable<F&, const E&>) {
      return detail::call_stage<T>(f, *failure.template get<E>());
    } else {
      return detail::call_stage<T>(f, std::move(failure));
    }
  });
}

template <class T>
template <class F>
auto Deferred<T>::then_outcome(F f, std::source_location where) && {
  using U = typename detail::Agreed<detail::StageResult<F&, Outcome<T>>, detail::Never>::type;
  return detail::add_stage<U>(std::move(*this), where, [f = std::move(f)](Outcome<T>&& outcome) mutable -> Deferred<U> {
    return detail::call_stage<U>(f, std::move(outcome));
  });
}

template <class T>
template <class F>
Deferred<T> Deferred<T>::finally(F f, std::source_location where) && {
  return detail::add_stage<T>(std::move(*this), where, [f = std::move(f)](Outcome<T>&& outcome) mutable -> Deferred<T> {
    return detail::call_stage<void>(f).then_outcome([outcome = std::move(outcome)](Outcome<void> done) mutable -> Outcome<T> {
      if (done) return std::move(outcome);
      Failure failure = std::move(done).error();
      if (!outcome) failure.suppress(std::move(outcome).error());
      return failure;
    }, {});  // the stage around this one has the place
  });
}

}  // namespace torc
