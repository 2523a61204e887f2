// An error that goes through some levels of coroutines: thrown by each, or passed on as a value.
#pragma once

#include <torc/async/coroutine.hpp>
#include <torc/base/errors.hpp>

#include <utility>

namespace bench {

inline constexpr int kLevels = 4;

[[gnu::noinline]] inline torc::Deferred<int> thrown(int level) {
  if (level == 1) throw torc::Error("the disk is full");
  co_return co_await thrown(level - 1);
}

[[gnu::noinline]] inline torc::Deferred<int> passed(int level) {
  if (level == 1) co_return torc::Failure(torc::Error("the disk is full"));
  auto outcome = co_await torc::as_outcome(passed(level - 1));
  if (!outcome) co_return std::move(outcome).error();
  co_return *outcome;
}

}  // namespace bench
