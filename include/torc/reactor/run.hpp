// torc::run: a program's main, on a reactor.
//
//   torc::Deferred<void> amain(std::vector<std::string> args);
//   int main(int argc, char** argv) { return torc::run(amain, argc, argv); }
//
// Runs `amain` to its end on a new reactor and gives the exit status: what amain returns (0 for void),
// 1 when it failed, with the failure on standard error. The first SIGINT or SIGTERM cancels amain, which
// may take its time to end in order, and the status is then 0; a second one stops at once, with 128 plus
// the signal's number.
#pragma once

#include <torc/async/coroutine.hpp>
#include <torc/reactor/reactor.hpp>

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

namespace torc {

namespace detail {

int run_main(std::move_only_function<Deferred<int>()> main);

inline Deferred<int> with_status(Deferred<void> main) {
  return std::move(main).then([] { return 0; });
}
inline Deferred<int> with_status(Deferred<int> main) { return main; }

}  // namespace detail

/// Runs `amain()`, which gives a Deferred<void> or a Deferred<int>.
template <class Main>
  requires std::is_invocable_v<Main&>
int run(Main amain) {
  return detail::run_main([&amain] { return detail::with_status(amain()); });
}

/// Runs `amain(args)`: the arguments of the program without its name.
template <class Main>
  requires std::is_invocable_v<Main&, std::vector<std::string>>
int run(Main amain, int argc, char** argv) {
  return detail::run_main([&amain, argc, argv] {
    return detail::with_status(amain(std::vector<std::string>(argv + (argc > 0), argv + argc)));
  });
}

}  // namespace torc
