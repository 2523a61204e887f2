// gather: many results at once. The first failure cancels the others; either way it ends only when
// every child has ended (semantics, rule 9). Failures after the first are attached to it.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/errors.hpp>

#include <memory>
#include <vector>

namespace torc {

namespace detail {

template <class T>
using Gathered = std::conditional_t<std::is_void_v<T>, void, std::vector<std::conditional_t<std::is_void_v<T>, int, T>>>;

template <class T>
class Gather final : public OperationOf<Gathered<T>>, public Pooled {
 public:
  explicit Gather(std::vector<Deferred<T>> children)
      : pending_(children.size()), children_(std::make_unique<Child[]>(children.size())) {
    const Firing firing;
    for (std::size_t i = 0; i < children.size(); ++i) {
      children_[i].gather = this;
      children_[i].deferred.emplace(std::move(children[i]));
    }
    count_ = children.size();
    for (std::size_t i = 0; i < count_; ++i) {
      auto& child = children_[i];
      if (child.deferred->pending()) {
        (*child.deferred->slot())->set_waiter(&child);
      } else {
        ended(child);
      }
    }
  }

 private:
  struct Child final : Waiter {
    void inner_fired(Operation&) noexcept override { gather->ended(*this); }
    Gather* gather = nullptr;
    std::optional<Deferred<T>> deferred;
    std::optional<Outcome<T>> outcome;
  };

  void ended(Child& child) noexcept {
    child.outcome.emplace(child.deferred->take());
    if (!*child.outcome) {
      Failure failure = std::move(*child.outcome).error();
      if (!first_) {
        first_ = std::move(failure);
        cancel_leaf();
      } else if (!failure.template check<Cancelled>()) {
        first_.failure.suppress(std::move(failure));
      }
    }
    if (--pending_ == 0) finish();
  }

  void finish() noexcept {
    if (first_) return this->fire(first_.take());
    if constexpr (std::is_void_v<T>) {
      this->fire(Outcome<void>());
    } else {
      std::vector<T> values;
      values.reserve(count_);
      for (std::size_t i = 0; i < count_; ++i) values.push_back(*std::move(*children_[i].outcome));
      this->fire(Outcome<std::vector<T>>(std::move(values)));
    }
  }

  void cancel_leaf() noexcept override {
    const Firing firing;
    for (std::size_t i = 0; i < count_; ++i) {
      if (children_[i].deferred) children_[i].deferred->cancel();
    }
  }
  void discard() noexcept override { delete this; }
  void abandon() noexcept override { delete this; }

  std::size_t pending_;
  std::size_t count_ = 0;
  std::unique_ptr<Child[]> children_;
  FailureSlot first_;
};

}  // namespace detail

/// The values of all `results`, in order; fails with the first failure.
/// Cancelling it cancels every child; dropping it drops them.
template <class T>
Deferred<detail::Gathered<T>> gather(std::vector<Deferred<T>> results) {
  if (results.empty()) {
    if constexpr (std::is_void_v<T>) {
      return succeed();
    } else {
      return succeed(std::vector<T>());
    }
  }
  return Deferred<detail::Gathered<T>>(new detail::Gather<T>(std::move(results)));
}

}  // namespace torc
