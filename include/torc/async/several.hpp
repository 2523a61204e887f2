// Several: the operation that waits for many children at once; behind gather, race and select.
//
// It holds the Deferreds (a vector of one type, or a tuple of many) and asks a policy two questions:
//
//   bool ended(std::size_t index, Deferred<T>& result) noexcept
//        one more child has ended, its result is in `result`, to be kept there or taken;
//        true: cancel the children that are left;
//   Outcome<Result> finish(Results& results, bool cancelled)
//        every child has ended: the result of the whole. `cancelled`: it was asked for from outside.
//
// It ends only when every child has ended (semantics, rule 9). Cancelling it cancels the children;
// dropping it drops them. One allocation, which holds a place for every child; none when all results
// are there. Library code; users include gather.hpp, race.hpp or select.hpp.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/errors.hpp>

#include <cstddef>
#include <new>
#include <tuple>
#include <utility>
#include <vector>

namespace torc::detail {

template <class T>
std::size_t count_children(const std::vector<Deferred<T>>& results) noexcept {
  return results.size();
}
template <class... T>
std::size_t count_children(const std::tuple<Deferred<T>...>&) noexcept {
  return sizeof...(T);
}

/// Calls `f` with the child of that index.
template <class T, class F>
void visit_child(std::vector<Deferred<T>>& results, std::size_t index, F f) {
  f(results[index]);
}
template <class... T, class F>
void visit_child(std::tuple<Deferred<T>...>& results, std::size_t index, F f) {
  std::apply(
      [&](auto&... result) {
        std::size_t at = 0;
        ((at++ == index ? f(result) : void()), ...);
      },
      results);
}
template <class Results, class F>
void visit_children(Results& results, F f) {
  if constexpr (requires { results.begin(); }) {
    for (auto& result : results) f(result);
  } else {
    std::apply([&](auto&... result) { (f(result), ...); }, results);
  }
}

/// Lets go of a result that is there and not wanted: a failure is no news then.
template <class T>
void let_go(Deferred<T>& result) noexcept {
  if (result.failed()) {
    static_cast<void>(result.take());
  } else {
    const Deferred<T> unwanted(std::move(result));
  }
}

template <class Results, class Policy>
class Several final : public OperationOf<typename Policy::Result> {
 public:
  using Result = typename Policy::Result;

  static Deferred<Result> start(Results results, Policy policy) {
    const std::size_t count = count_children(results);
    bool pending = false;
    visit_children(results, [&](auto& result) { pending = pending || result.pending(); });
    if (!pending) {
      for (std::size_t i = 0; i < count; ++i) {
        visit_child(results, i, [&](auto& result) { policy.ended(i, result); });
      }
      return Deferred<Result>(policy.finish(results, false));
    }
    auto* several = new (pool_allocate(size_with(count))) Several(std::move(results), std::move(policy), count);
    several->watch();
    return Deferred<Result>(several);
  }
  WaitSite site() const noexcept override { return {"several results"}; }

 private:
  struct Child final : Waiter {
    explicit Child(Several& several) noexcept : several(&several) {}
    void inner_fired(Operation&) noexcept override {
      several->ended(static_cast<std::size_t>(this - several->children()));
    }
    Several* several;
  };

  static std::size_t size_with(std::size_t children) noexcept { return sizeof(Several) + children * sizeof(Child); }

  Several(Results&& results, Policy&& policy, std::size_t count) noexcept
      : results_(std::move(results)), policy_(std::move(policy)), count_(count), pending_(count) {
    static_assert(alignof(Several) >= alignof(Child));
    for (std::size_t i = 0; i < count; ++i) new (children() + i) Child(*this);
  }
  // A child's result may be on its way to us in the run queue: its Deferred, which goes here, sees to that.
  ~Several() = default;

  // The places of the children lie behind this object, in the same block.
  Child* children() noexcept { return reinterpret_cast<Child*>(this + 1); }

  void watch() noexcept {
    const Firing firing;  // a child that is cancelled here is counted when all are being watched
    for (std::size_t i = 0; i < count_; ++i) {
      bool fired = true;
      visit_child(results_, i, [&](auto& result) {
        fired = !result.pending();
        if (!fired) (*result.slot())->set_waiter(children() + i);
      });
      if (fired) ended(i);
    }
  }

  void ended(std::size_t index) noexcept {
    bool cancel_others = false;
    visit_child(results_, index, [&](auto& result) {
      // Into the Deferred itself: the child's own memory need not wait for its siblings. A lent value stays.
      if (!result.lends()) result = std::remove_reference_t<decltype(result)>(result.take());
      cancel_others = policy_.ended(index, result);
    });
    if (cancel_others) cancel_leaf();
    if (--pending_ == 0) this->fire(policy_.finish(results_, this->cancel_requested()));
  }

  void cancel_leaf() noexcept override {
    const Firing firing;
    visit_children(results_, [](auto& result) { result.cancel(); });
  }
  void discard() noexcept override { destroy(); }
  void abandon() noexcept override { destroy(); }
  void destroy() noexcept {
    const std::size_t size = size_with(count_);
    this->~Several();
    pool_release(this, size);
  }

  Results results_;
  Policy policy_;
  std::size_t count_;
  std::size_t pending_;
};

}  // namespace torc::detail
