// select: waits for whichever ends first, well or badly.
//
//   Selected<Message> first = co_await select(std::move(waits));
//
// The others are cancelled, and it ends only when they have ended (semantics, rule 9); what they end
// with is discarded. To pass failures over, use race().
#pragma once

#include <torc/async/failure_group.hpp>
#include <torc/async/several.hpp>

#include <optional>
#include <vector>

namespace torc {

/// Which one ended first, and how.
template <class T>
struct Selected {
  std::size_t index;
  Outcome<T> outcome;
};

namespace detail {

template <class T>
class FirstToEnd final {
 public:
  using Result = Selected<T>;

  bool ended(std::size_t index, Deferred<T>& result) noexcept {
    if (first_) {
      let_go(result);
      return false;
    }
    first_ = index;
    return true;
  }

  Outcome<Result> finish(std::vector<Deferred<T>>& results, bool cancelled) {
    if (!first_) return Failure(FailureGroup({}));
    Outcome<T> outcome = results[*first_].take();
    // Ended by us, not by itself: then it is the select that was cancelled.
    if (cancelled && !outcome && outcome.error().template check<Cancelled>()) return std::move(outcome).error();
    return Result{*first_, std::move(outcome)};
  }

 private:
  std::optional<std::size_t> first_;
};

}  // namespace detail

/// The index and outcome of the first of `results` to end; of those that have ended already, the one
/// given first. Fails itself only with Cancelled, when it is cancelled before any has ended, and with
/// FailureGroup when there is nothing to select from. Dropping it drops every child.
template <class T>
Deferred<Selected<T>> select(std::vector<Deferred<T>> results) {
  return detail::Several<std::vector<Deferred<T>>, detail::FirstToEnd<T>>::start(std::move(results), {});
}

}  // namespace torc
