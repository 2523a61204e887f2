// yield(): lets others run, and goes on behind them.
//
//   co_await torc::yield();        // in a coroutine
//   torc::await(torc::yield());    // in a fiber
//
// Who yields queues behind what has fired already. It spends the budget of the turn like any ready
// result, so the loop gets its turn although everybody only yields; without a scheduler there is no
// budget. Allocates nothing. Cancelling does not interrupt it, but the next wait for something pending.
#pragma once

namespace torc {

/// What yield() gives: to be awaited at once.
struct [[nodiscard("await it")]] Yield {};
constexpr Yield yield() noexcept { return {}; }

}  // namespace torc
