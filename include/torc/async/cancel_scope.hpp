// CancelScope: cancels operations from elsewhere than where they are waited for.
//
//   auto page = co_await scope_.wrap(fetch(url));   // throws Cancelled when ...
//   scope_.cancel();                                // ... somebody says so
//
// Whoever waits owns the operation, as always; the scope only knows it. Destroying the scope leaves what
// it wrapped alone. Cancelling is level-triggered: what is wrapped afterwards is cancelled too. One thread, but
// for the tokens: code that asks a std::stop_token, such as a job on another thread, is told by token().
#pragma once

#include <torc/async/wrapper.hpp>
#include <torc/base/intrusive_list.hpp>

#include <stop_token>
#include <utility>

namespace torc {

namespace detail {

/// What a scope knows of an operation.
class InScope : public ListHook {
 public:
  virtual void cancel_from_scope() noexcept = 0;

 protected:
  ~InScope() = default;
};

template <class T>
class Scoped final : public Wrapper<T>, public InScope {
 public:
  explicit Scoped(Operation* operation) noexcept : Wrapper<T>(operation) {}

 private:
  void cancel_from_scope() noexcept override { Operation::request_cancel(this); }
  Outcome<T> ended(Outcome<T> outcome) noexcept override {
    unlink();
    return outcome;
  }
};

}  // namespace detail

class CancelScope {
 public:
  CancelScope() noexcept = default;
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

  /// `result`, which cancel() cancels as its own cancel() would. Results that are there pass through.
  template <class T>
  Deferred<T> wrap(Deferred<T> result) {
    if (cancelled_) result.cancel();
    if (cancelled_ || !result.pending()) return result;
    auto* scoped = new detail::Scoped<T>(result.release_operation());
    operations_.push_back(*scoped);
    return Deferred<T>(scoped);
  }

  /// A token that cancel() asks to stop, before or after this. May be looked at on any thread, and outlive
  /// the scope, whose end asks for nothing.
  std::stop_token token() {
    if (!stop_.stop_possible()) {
      stop_ = std::stop_source();
      if (cancelled_) stop_.request_stop();
    }
    return stop_.get_token();
  }

  /// Cancels everything wrapped that is pending, now and later, then asks the tokens to stop: callbacks on them
  /// run here. Who waits is told before this returns, or after the current firing, and may destroy the scope, as
  /// may such a callback.
  void cancel() noexcept;

  bool cancelled() const noexcept { return cancelled_; }

 private:
  detail::IntrusiveList<detail::InScope> operations_;
  std::stop_source stop_{std::nostopstate};  // a state once somebody asked for a token
  bool cancelled_ = false;
};

}  // namespace torc
