// gather: many results at once.
//
//   auto pages = co_await gather(std::move(requests));          // vector in, vector out
//   auto result = co_await gather(load_user(7), load_rights(7));  // std::tuple<User, Rights>
//
// The first failure cancels the others; either way it ends only when every child has ended (semantics,
// rule 9). Failures after the first are attached to it. To have every outcome, whatever it is, and
// leave the siblings of a failed one alone: gather_outcomes.
// Cancelling cancels every child; dropping drops them. Results that are there already cost nothing.
#pragma once

#include <torc/async/several.hpp>

#include <tuple>
#include <variant>
#include <vector>

namespace torc {

namespace detail {

template <class T>
struct GatheredOf {
  using type = std::vector<T>;
};
template <>
struct GatheredOf<void> {
  using type = void;
};
template <class T>
using Gathered = typename GatheredOf<T>::type;

/// A tuple has no room for void.
template <class T>
using InTuple = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Keeps values where they are and the first failure; later ones are attached to it.
class FirstFailure {
 public:
  FirstFailure() = default;
  FirstFailure(FirstFailure&&) = default;
  // Still here: the whole was dropped while it waited for the others to end.
  ~FirstFailure() {
    if (!failure_ || failure_.failure.check<Cancelled>()) return;
    report_unhandled(failure_.failure, "in one of several results that were dropped unseen");
  }

  template <class T>
  bool ended(std::size_t, Deferred<T>& result) noexcept {
    if (!result.failed()) return false;
    Failure failure = std::move(result.take()).error();
    if (!failure_) {
      failure_ = std::move(failure);
      return true;
    }
    if (!failure.template check<Cancelled>()) failure_.failure.suppress(std::move(failure));
    return false;
  }

 protected:
  FailureSlot failure_;
};

template <class T>
struct GatherVector final : FirstFailure {
  using Result = Gathered<T>;
  Outcome<Result> finish(std::vector<Deferred<T>>& results, bool) {
    if (this->failure_) return this->failure_.take();
    if constexpr (std::is_void_v<T>) {
      for (auto& result : results) static_cast<void>(result.take());
      return {};
    } else {
      Result values;
      values.reserve(results.size());
      for (auto& result : results) values.push_back(*result.take());
      return values;
    }
  }
};

template <class... T>
struct GatherTuple final : FirstFailure {
  using Result = std::tuple<InTuple<T>...>;
  Outcome<Result> finish(std::tuple<Deferred<T>...>& results, bool) {
    if (this->failure_) return this->failure_.take();
    return std::apply([](auto&... result) { return Result(value_of(result)...); }, results);
  }

 private:
  template <class U>
  static InTuple<U> value_of(Deferred<U>& result) noexcept {
    Outcome<U> outcome = result.take();
    if constexpr (std::is_void_v<U>) {
      return {};
    } else {
      return *std::move(outcome);
    }
  }
};

template <class T>
struct GatherOutcomes final {
  using Result = std::vector<Outcome<T>>;
  bool ended(std::size_t, Deferred<T>&) noexcept { return false; }
  Outcome<Result> finish(std::vector<Deferred<T>>& results, bool) {
    Result outcomes;
    outcomes.reserve(results.size());
    for (auto& result : results) outcomes.push_back(result.take());
    return outcomes;
  }
};

}  // namespace detail

/// The values of all `results`, in order (nothing, for void); fails with the first failure.
/// None at all succeeds at once.
template <class T>
Deferred<detail::Gathered<T>> gather(std::vector<Deferred<T>> results) {
  return detail::Several<std::vector<Deferred<T>>, detail::GatherVector<T>>::start(std::move(results), {});
}

/// The values of results of different types, as a tuple; std::monostate stands where one is void.
template <class... T>
  requires(sizeof...(T) > 0)
Deferred<std::tuple<detail::InTuple<T>...>> gather(Deferred<T>... results) {
  using Results = std::tuple<Deferred<T>...>;
  return detail::Several<Results, detail::GatherTuple<T...>>::start(Results(std::move(results)...), {});
}

/// The outcome of each of `results`, in order. Never fails, and a failure cancels nothing; when it is
/// cancelled itself, the children it cut off have Cancelled as their outcome.
template <class T>
Deferred<std::vector<Outcome<T>>> gather_outcomes(std::vector<Deferred<T>> results) {
  return detail::Several<std::vector<Deferred<T>>, detail::GatherOutcomes<T>>::start(std::move(results), {});
}

}  // namespace torc
