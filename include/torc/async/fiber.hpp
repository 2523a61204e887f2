// Fibers: ordinary code on a small stack of its own, which waits without blocking the thread.
//
//   torc::Deferred<int> d = torc::defer_to_fiber([&] {
//     auto page = torc::await(torc::http::get(url));   // others run meanwhile
//     return parse(page);
//   });
//   tasks.spawn_fiber([&] { torc::await(replies.send(compute())); });
//   auto port = torc::listen("tcp:8007", torc::in_fiber([](torc::Stream s) { ... }));
//
// A fiber is an operation like a coroutine: it starts at once, its result is a Deferred, and cancelling
// reaches its innermost wait, where Cancelled is thrown. It stays on the thread that began it.
// Dropping it throws through its stack, so that its destructors run. A wait on something pending throws
// at once during that; `catch (...)` must throw on, and swallowing a hundred times stops the program.
// A stack does not grow: FiberOptions::stack_size is all there is, and running over it is reported with
// the fiber's name before the process dies (semantics, rule 34).
#pragma once

#include <torc/async/coroutine.hpp>
#include <torc/async/deferred.hpp>
#include <torc/async/later.hpp>
#include <torc/async/scheduler.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/tasks.hpp>
#include <torc/async/yield.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

namespace torc {

struct FiberOptions {
  /// Bytes of stack, rounded up to pages. Only what is touched takes memory.
  std::size_t stack_size = 256 * 1024;
};

/// The stacks of this thread's fibers.
struct FiberStacks {
  std::size_t in_use = 0;
  std::size_t kept = 0;        // free, for the next fibers
  std::size_t high_water = 0;  // most bytes found used on one; looked at for a sample of those that end
};
FiberStacks fiber_stacks() noexcept;

namespace detail {

struct FiberStack;
void release_stack(FiberStack* stack) noexcept;

/// The stack and the switching of one fiber; FiberOperation adds the result.
class Fiber {
 public:
  /// The fiber whose own code is running. Having none is a programming error, reported with `what`.
  static Fiber& required(const char* what) noexcept;

  /// The fiber on whose stack this thread runs, or null.
  static Fiber* running() noexcept;

  /// Waits for the operation in `slot`, or, when that has fired, until the next turn. On the fiber's own
  /// stack. Throws Unwinding when the fiber is dropped.
  void wait(Operation** slot, const std::source_location& where);
  void yield(const std::source_location& where);
  bool cancel_requested() const noexcept { return self_.cancel_requested(); }
  /// Its stack, until it ends, and where it was begun.
  FiberStack& stack() const noexcept { return *stack_; }
  const std::source_location& begun() const noexcept { return begun_; }

 protected:
  /// Thrown through a fiber that is dropped. Only catch (...) stops it.
  struct Unwinding {};

  Fiber(Operation& self, std::size_t stack_size, const std::source_location& begun);
  ~Fiber() = default;

  /// Runs the fiber's code until it waits or ends, below whoever calls this.
  void resume() noexcept;
  /// Ends the code of a fiber that is not running by throwing through it.
  void unwind() noexcept;
  bool postpones(Operation& inner) noexcept { return later_.postpones(inner, self_); }
  WaitSite wait_site() const noexcept { return {"await", where_, since_}; }

  std::source_location where_;  // of the last wait; before it, where the fiber was begun

 private:
  struct Entry;
  struct Release {
    void operator()(FiberStack* stack) const noexcept { release_stack(stack); }
  };

  /// The fiber's function; what leaves it ends here.
  virtual void run_body() noexcept = 0;
  void switch_in() noexcept;
  void switch_out() noexcept;
  void suspend();
  [[noreturn]] void unwind_further();

  Operation& self_;
  std::unique_ptr<FiberStack, Release> stack_;  // until it ends
  void* registers_;        // of the fiber while it waits; while it runs, of who resumed it
  void* caught_ = nullptr;  // likewise: the exceptions being handled, and
  unsigned uncaught_ = 0;   // how many are on their way
  [[maybe_unused]] void* sanitizer_ = nullptr;  // its notes of the same kind
  int refused_ = 0;  // waits during unwinding
  bool ended_ = false;
  bool unwinding_ = false;
  std::source_location begun_;
  Instant since_{};
  Later later_;
};

/// A fiber that runs `F` and gives a T.
template <class T, class F>
class FiberOperation final : public OperationOf<T>, private Fiber, private Root, public Pooled {
 public:
  static Deferred<T> start(F f, const FiberOptions& options, const std::source_location& where) {
    auto* fiber = new FiberOperation(std::move(f), options.stack_size, where);
    const Firing firing;  // what the fiber fires runs when it waits, not on its stack
    fiber->resume();
    return Deferred<T>(fiber);
  }

  WaitSite site() const noexcept override { return wait_site(); }

 private:
  FiberOperation(F f, std::size_t stack_size, const std::source_location& where)
      : Fiber(static_cast<Operation&>(*this), stack_size, where),
        Root("a fiber", this, where, true),
        function_(std::move(f)) {}

  void run_body() noexcept override {
    try {
      this->set(call());
    } catch (const Unwinding&) {  // nobody wants a result
    } catch (...) {
      this->failure() = Failure::passing(where_, "await");
    }
    function_.reset();  // captures die where the code ran that used them
  }
  Outcome<T> call();

  void inner_fired(Operation& inner) noexcept override {
    this->wait_for_nothing();
    if (!postpones(inner)) resume();
  }
  void discard() noexcept override { delete this; }
  void abandon() noexcept override {
    unwind();
    delete this;
  }

  std::optional<F> function_;
};

/// Takes the result of `given`, waiting if it must. The wait owns the operation: whose Deferred it was may go.
template <class T>
Outcome<T> await_outcome(Deferred<T>& given, const std::source_location& where) {
  Fiber& self = Fiber::required("await()");
  Deferred<T> deferred(std::move(given));
  if (deferred.fired()) {
    if (!current.scheduler || --current.budget > 0) return deferred.take();
  } else {
    if (!*deferred.slot()) misuse("await() on a Deferred whose result was taken or moved away");
    if (self.cancel_requested()) {
      deferred.cancel();
      if (deferred.fired()) return deferred.take();
    }
  }
  self.wait(deferred.slot(), where);
  return deferred.take();
}

template <class T, class F>
Outcome<T> FiberOperation<T, F>::call() {
  using R = std::invoke_result_t<F&>;
  if constexpr (std::is_void_v<R>) {
    std::invoke(*function_);
    return {};
  } else if constexpr (std::same_as<R, Deferred<T>>) {
    Deferred<T> last = std::invoke(*function_);
    return await_outcome(last, where_);
  } else {
    return Outcome<T>(std::invoke(*function_));
  }
}

/// A function that runs `F` in a fiber of its own whenever it is called.
template <class F>
struct InFiber;

}  // namespace detail

/// In a fiber: waits for `deferred`; gives its value or throws its error. Other fibers, coroutines and
/// callbacks run meanwhile. Takes results that are there at once. Anywhere else it is a programming
/// error: a coroutine says co_await, a callback then(), a thread uses an EventualResult.
template <class T>
T await(Deferred<T>&& deferred, std::source_location where = std::source_location::current()) {
  return detail::await_outcome(deferred, where).value();
}
template <class T>
T await(Deferred<T>& deferred, std::source_location where = std::source_location::current()) {
  return detail::await_outcome(deferred, where).value();
}
/// As await(deferred), giving an Outcome instead of throwing.
template <class T>
Outcome<T> await(AsOutcome<T> wanted, std::source_location where = std::source_location::current()) {
  return detail::await_outcome(wanted.deferred, where);
}
/// Lets others run.
inline void await(Yield, std::source_location where = std::source_location::current()) {
  detail::Fiber::required("await()").yield(where);
}

/// Runs `f()` in a fiber, until its first wait before this returns. Gives what `f` gives: a value, or the
/// result of a Deferred or Outcome. Fails with SystemError when there is no memory for a stack.
template <class F>
auto defer_to_fiber(F f, FiberOptions options = {}, std::source_location where = std::source_location::current()) {
  using T = detail::StageResult<F&, void>;
  using Result = std::conditional_t<std::is_same_v<T, detail::Never>, void, T>;
  try {
    return detail::FiberOperation<Result, F>::start(std::move(f), options, where);
  } catch (...) {
    return fail<Result>(Failure::current(where));
  }
}

template <class F>
struct detail::InFiber {
  template <class... Args>
    requires(std::invocable<F&, Args...>)
  auto operator()(Args&&... args) const {
    // References stay references, as in a coroutine's parameters; temporaries move into the fiber.
    return defer_to_fiber(
        [function = function, arguments = std::tuple<Args...>(std::forward<Args>(args)...)]() mutable {
          return std::apply(function, std::move(arguments));
        },
        options, where);
  }

  F function;
  FiberOptions options;
  std::source_location where;
};

template <class F>
void detail::TaskOwner::spawn_fiber(F f, std::source_location where) {
  spawn(defer_to_fiber(std::move(f), {}, where), where);
}

/// `f` made asynchronous: called with arguments, it runs in a fiber of its own and a Deferred of its result
/// is returned at once. For whatever takes a coroutine function: a connection handler, a route.
template <class F>
detail::InFiber<F> in_fiber(F f, FiberOptions options = {},
                            std::source_location where = std::source_location::current()) {
  return {std::move(f), options, where};
}

}  // namespace torc
