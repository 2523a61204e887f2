// Wrapper: an operation that waits for one other and ends as that does, or nearly so.
//
// Under with_timeout, shield, with_deadline, with_stop_token, CancelScope and Channel::next; users meet those. It
// wraps an operation that gives a T and gives an R itself: the same, or an optional with the value in it.
//
// A channel or a queue hands a value over before it is known whether it will be taken, and wants it back when it
// is not: it is a *lender* (OperationOf::lender). The wrapper has the value then, but keeps the lender until its
// own value was taken. Dropped before, it puts the value back into the lender and drops that unseen. Of wrappers
// in each other only the outermost keeps the lender, so that dropping them needs no recursion.
#pragma once

#include <torc/async/deferred.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace torc::detail {

template <class T, class R = T>
class Wrapper : public OperationOf<R>, public Pooled {
 public:
  bool lends() const noexcept final { return this->fired() && wrapped_; }
  OperationOf<R>* lender() noexcept final {
    if constexpr (std::same_as<T, R>) {
      return static_cast<OperationOf<T>*>(std::exchange(wrapped_, nullptr));
    } else {
      return wrapped_ ? this : nullptr;
    }
  }

 protected:
  explicit Wrapper(Operation* operation) noexcept : wrapped_(operation) { this->wait_for(&wrapped_); }
  virtual ~Wrapper() = default;

  Operation* wrapped() const noexcept { return wrapped_; }
  /// The wrapped operation has ended so: what this ends with. A value stays the same value.
  virtual Outcome<R> ended(Outcome<T> outcome) noexcept = 0;
  /// The wrapped operation has fired.
  void take_over(Operation& inner) noexcept {
    this->wait_for_nothing();
    auto& operation = static_cast<OperationOf<T>&>(inner);
    Outcome<T> outcome = operation.take();
    wrapped_ = outcome ? operation.lender() : nullptr;
    if (wrapped_ != &operation) operation.discard();
    this->fire(ended(std::move(outcome)));
  }

 private:
  void inner_fired(Operation& inner) noexcept final { take_over(inner); }
  void discard() noexcept final {
    if (wrapped_) wrapped_->discard();
    delete this;
  }
  void discard_unseen() noexcept final {
    if constexpr (!std::is_void_v<T>) {
      if (Operation* const lender = std::exchange(wrapped_, nullptr)) {
        static_cast<OperationOf<T>*>(lender)->put_back(original());
        lender->discard_unseen();
      }
    }
    discard();
  }
  void abandon() noexcept final { delete this; }

  decltype(auto) original() noexcept {
    if constexpr (std::same_as<T, R>) {
      return std::move(*this->value_);
    } else {
      return *std::move(*this->value_);
    }
  }

  Operation* wrapped_;  // when that has fired: the lender of the value, or null
};

}  // namespace torc::detail
