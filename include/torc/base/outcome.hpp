// Outcome<T>: a value or a Failure, with std::expected's member names.
//
// What `co_await as_outcome(d)` and `then_outcome` give to those who prefer looking to catching.
// `value()` on a failed outcome throws the original error, not a wrapper.
#pragma once

#include <torc/base/failure.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace torc {

template <class T>
class [[nodiscard]] Outcome {
  static_assert(!std::is_reference_v<T>, "an Outcome holds values: use a pointer or std::reference_wrapper");
  static_assert(std::is_nothrow_move_constructible_v<T>, "a result must be movable without throwing");

 public:
  using value_type = T;

  Outcome(T&& value) noexcept : value_(std::move(value)), has_value_(true) {}             // NOLINT: a value is an outcome
  Outcome(const T& value) : value_(value), has_value_(true) {}                            // NOLINT: a value is an outcome
  Outcome(Failure failure) noexcept : failure_(std::move(failure)), has_value_(false) {}  // NOLINT: so is a failure

  Outcome(Outcome&& other) noexcept : has_value_(other.has_value_) {
    if (has_value_) {
      std::construct_at(&value_, std::move(other.value_));
    } else {
      std::construct_at(&failure_, std::move(other.failure_));
    }
  }
  Outcome& operator=(Outcome&& other) noexcept {
    if (this != &other) {
      std::destroy_at(this);
      std::construct_at(this, std::move(other));
    }
    return *this;
  }
  ~Outcome() {
    if (has_value_) {
      std::destroy_at(&value_);
    } else {
      std::destroy_at(&failure_);
    }
  }

  bool has_value() const noexcept { return has_value_; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & noexcept { return value_; }
  const T& operator*() const& noexcept { return value_; }
  T&& operator*() && noexcept { return std::move(value_); }
  T* operator->() noexcept { return &value_; }
  const T* operator->() const noexcept { return &value_; }

  T& value() & { return check(), value_; }
  const T& value() const& { return check(), value_; }
  T&& value() && { return check(), std::move(value_); }
  template <class U>
  T value_or(U&& other) && {
    return has_value() ? std::move(value_) : static_cast<T>(std::forward<U>(other));
  }

  /// The failure; only when there is no value.
  Failure& error() & noexcept { return failure_; }
  const Failure& error() const& noexcept { return failure_; }
  Failure&& error() && noexcept { return std::move(failure_); }

 private:
  void check() const {
    if (!has_value_) failure_.raise();
  }

  union {
    T value_;
    Failure failure_;
  };
  bool has_value_;
};

template <>
class [[nodiscard]] Outcome<void> {
 public:
  using value_type = void;

  Outcome() noexcept = default;
  Outcome(Failure failure) noexcept : failure_(std::move(failure)) {}  // NOLINT: a failure is an outcome

  bool has_value() const noexcept { return !failure_; }
  explicit operator bool() const noexcept { return has_value(); }
  void operator*() const noexcept {}
  void value() const {
    if (failure_) failure_.failure.raise();
  }

  Failure& error() & noexcept { return failure_.failure; }
  const Failure& error() const& noexcept { return failure_.failure; }
  Failure&& error() && noexcept { return std::move(failure_.failure); }

 private:
  FailureSlot failure_;
};

}  // namespace torc
