// race: several ways to the same result; the first success is taken.
//
//   auto connection = co_await race(std::move(attempts));
//
// The losers are cancelled, and it ends only when they have ended (semantics, rule 9): nothing of them
// runs on afterwards. What losers end with is discarded, a second success included.
#pragma once

#include <torc/async/failure_group.hpp>
#include <torc/async/several.hpp>

#include <optional>
#include <vector>

namespace torc {

namespace detail {

template <class T>
class FirstSuccess final {
 public:
  using Result = T;
  explicit FirstSuccess(std::size_t count) noexcept : count_(count) {}

  bool ended(std::size_t index, Deferred<T>& result) noexcept {
    if (winner_) {
      let_go(result);
      return false;
    }
    if (result.failed()) {
      if (failures_.empty()) failures_.resize(count_);
      failures_[index] = std::move(result.take()).error();
      return false;
    }
    winner_ = index;
    return true;
  }

  Outcome<T> finish(std::vector<Deferred<T>>& results, bool cancelled) {
    if (winner_) return results[*winner_].take();
    std::vector<Failure> failures;
    failures.reserve(failures_.size());
    bool all_cancelled = !failures_.empty();
    for (auto& slot : failures_) {
      failures.push_back(slot.take());
      all_cancelled = all_cancelled && failures.back().template check<Cancelled>();
    }
    if (!cancelled && !all_cancelled) return Failure(FailureGroup(std::move(failures)));
    // Whoever cancelled is told so, and not that the tries failed.
    Failure end{Cancelled{}};
    for (auto& failure : failures) {
      if (!failure.template check<Cancelled>()) end.suppress(std::move(failure));
    }
    return end;
  }

 private:
  std::size_t count_;
  std::optional<std::size_t> winner_;
  std::vector<FailureSlot> failures_;  // by index; empty until one fails
};

}  // namespace detail

/// The first value that any of `results` gives. Fails with FailureGroup when all have failed, or there
/// are none; with Cancelled when it was cancelled, or all of them were, and none gave a value.
/// Of results that are there already, the one given first wins. Dropping it drops every child.
template <class T>
Deferred<T> race(std::vector<Deferred<T>> results) {
  detail::FirstSuccess<T> policy(results.size());
  return detail::Several<std::vector<Deferred<T>>, detail::FirstSuccess<T>>::start(std::move(results),
                                                                                   std::move(policy));
}

}  // namespace torc
