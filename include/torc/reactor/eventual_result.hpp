// EventualResult<T>: a result that is made on a reactor's thread and waited for on others.
//
//   torc::EventualResult<Rates> rates = background.call(fetch_rates);    // torc/reactor/background_reactor.hpp
//   use(rates.wait(5s));
//
// The T lives and dies on the reactor's thread; wait() gives a const reference to it, which is good as
// long as both the EventualResult and the reactor are there. Waiting blocks, with a limit; it may be done
// again, by several threads at once. A timeout does not cancel.
//
// It owns the operation, as a Deferred does: dropping it drops what is pending (on the reactor's thread,
// a little later), detach() lets it go on. A failure that nobody looked at is logged then, not lost. When
// the reactor stops, everybody is released: what is pending has failed with ReactorStopped. Afterwards,
// the results that came before can be waited for until the reactor is destroyed.
//
// Waiting on a reactor's thread stops the program with an explanation: the loop could not turn meanwhile.
#pragma once

#include <torc/async/maybe_deferred.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/time.hpp>
#include <torc/reactor/eventual.hpp>
#include <torc/reactor/stash.hpp>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace torc {

template <class T>
class [[nodiscard("an EventualResult that is dropped drops its operation: keep, wait for or detach() it")]] EventualResult {
 public:
  EventualResult(EventualResult&&) noexcept = default;
  EventualResult& operator=(EventualResult&& other) noexcept {
    if (this != &other) {
      let_go();
      state_ = std::move(other.state_);
      stash_ = std::move(other.stash_);
    }
    return *this;
  }
  ~EventualResult() { let_go(); }

  /// The value, for which at most `limit` is waited; throws the original error each time, Cancelled after
  /// cancel(), ReactorStopped when the reactor has stopped, TimeoutError when there is no result yet.
  auto wait(Duration limit) const -> std::conditional_t<std::is_void_v<T>, void, std::add_lvalue_reference_t<const T>> {
    state("wait").await(limit);
    if constexpr (!std::is_void_v<T>) return state_->value();
  }

  /// True when wait() would not wait.
  bool ready() const { return state("ready").settled(); }

  /// What the operation failed with; nothing while it has not, or has a value. Does not wait.
  std::optional<Failure> original_failure() const { return state("original_failure").failure(); }

  /// Cancels the operation on the reactor's thread, a little later; one that has not begun does not begin.
  /// Whoever waits gets what it ends with, usually Cancelled. Does nothing when the result is there.
  void cancel() const { state("cancel").cancel(); }

  /// Lets the operation go on without this. Its value is destroyed, a failure logged.
  void detach() && {
    state("detach").detach();
    state_.reset();
  }

  /// Puts this away in its BackgroundReactor, for BackgroundReactor::retrieve with the id that is
  /// returned. Throws ReactorStopped when that is gone.
  StashId stash() && {
    const StashId id = stash_->add(std::shared_ptr<detail::Eventual>(state("stash").shared()), detail::stash_type<T>());
    state_.reset();
    return id;
  }

  /// For BackgroundReactor.
  EventualResult(std::shared_ptr<detail::EventualOf<T>> state, std::shared_ptr<detail::Stash> stash) noexcept
      : state_(std::move(state)), stash_(std::move(stash)) {}

 private:
  detail::EventualOf<T>& state(const char* what) const {
    if (!state_) detail::misuse(std::string("EventualResult::") + what + "() on one that was moved, stashed or detached");
    return *state_;
  }
  void let_go() noexcept {
    if (state_) std::exchange(state_, nullptr)->let_go();
  }

  std::shared_ptr<detail::EventualOf<T>> state_;
  std::shared_ptr<detail::Stash> stash_;
};

}  // namespace torc
