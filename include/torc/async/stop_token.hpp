// with_stop_token: a std::stop_token cancels a Deferred.
//
//   auto result = co_await with_stop_token(token, work());
//
// For code that was written to the standard's way of stopping. Thread: request_stop() must be called on
// the thread of the Deferred; calling it elsewhere is a programming error that stops the program. From
// another thread send the request home first: reactor.call_from_thread([=] { source.request_stop(); }).
#pragma once

#include <torc/async/wrapper.hpp>

#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

namespace torc {

namespace detail {

/// Stops the program unless this is thread `home`.
void check_stop_thread(std::thread::id home) noexcept;

template <class T>
class Stoppable final : public Wrapper<T> {
 public:
  Stoppable(std::stop_token token, Operation* operation) : Wrapper<T>(operation) {
    callback_.emplace(std::move(token), Stop{this});
  }

 private:
  struct Stop {
    void operator()() const noexcept {
      check_stop_thread(self->thread_);
      // What waits may destroy this callback while it runs: allowed on the same thread.
      Operation::request_cancel(self);
    }
    Stoppable* self;
  };

  Outcome<T> ended(Outcome<T> outcome) noexcept override {
    callback_.reset();
    return outcome;
  }

  std::thread::id thread_ = std::this_thread::get_id();
  std::optional<std::stop_callback<Stop>> callback_;
};

}  // namespace detail

/// `result`, cancelled when `token` is asked to stop, at once if it was already. Results that are
/// there, and tokens that nobody can ask, cost nothing.
template <class T>
Deferred<T> with_stop_token(std::stop_token token, Deferred<T> result) {
  if (token.stop_requested()) result.cancel();
  if (!result.pending() || !token.stop_possible() || token.stop_requested()) return result;
  return Deferred<T>(new detail::Stoppable<T>(std::move(token), result.release_operation()));
}

}  // namespace torc
