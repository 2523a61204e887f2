// CancelScope: cancels operations from elsewhere than where they are waited for.
//
//   auto page = co_await scope_.wrap(fetch(url));   // throws Cancelled when ...
//   scope_.cancel();                                // ... somebody says so
//
// Whoever waits owns the operation, as always; the scope only knows it. Destroying the scope leaves what
// it wrapped alone. Cancelling is level-triggered: what is wrapped afterwards is cancelled too. One thread.
#pragma once

#include <torc/async/wrapper.hpp>
#include <torc/base/intrusive_list.hpp>

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

  /// Cancels everything wrapped that is pending, now and later. Who waits is told before this returns,
  /// or after the current firing, and may destroy the scope.
  void cancel() noexcept;

  bool cancelled() const noexcept { return cancelled_; }

 private:
  detail::IntrusiveList<detail::InScope> operations_;
  bool cancelled_ = false;
};

}  // namespace torc
