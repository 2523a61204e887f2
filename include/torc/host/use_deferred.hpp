// use_deferred: an Asio operation as a Deferred; async_wait: a Deferred as an Asio operation.
//
//   co_await timer.async_wait(torc::host::use_deferred);                         // Deferred<void>
//   auto size = co_await socket.async_read_some(buffer, torc::host::use_deferred);   // Deferred<std::size_t>
//   torc::host::async_wait(std::move(deferred), context.get_executor(), token);
//
// For programs that use Boost.Asio, whose headers this one includes. On the thread of the io_context,
// which hosts the reactor (torc/host/asio.hpp).
//
// What the handler's arguments become: a leading error_code that is set, or an exception_ptr that is not
// null, is the failure (boost::system::system_error, or that exception); of the rest, none makes a
// Deferred<void>, one a Deferred of it, several a Deferred of their tuple.
#pragma once

#include <torc/async/promise.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace torc::host {

/// The completion token. Cancelling or dropping the Deferred emits a cancellation (terminal, partial and
/// total) in the operation's slot: the Deferred ends at once, and nothing of ours is called when the
/// operation does. An operation that cannot be cancelled, as Asio's documents say of a few, may go on and
/// then still uses its buffers.
struct use_deferred_t {
  explicit constexpr use_deferred_t() = default;
};
inline constexpr use_deferred_t use_deferred{};

namespace detail {

/// The result of a handler called with these.
template <class... Args>
struct AsioResult {
  using type = std::tuple<std::decay_t<Args>...>;
};
template <>
struct AsioResult<> {
  using type = void;
};
template <class T>
struct AsioResult<T> {
  using type = std::decay_t<T>;
};
template <class... Rest>
struct AsioResult<boost::system::error_code, Rest...> : AsioResult<Rest...> {};
template <class... Rest>
struct AsioResult<std::exception_ptr, Rest...> : AsioResult<Rest...> {};

/// What an operation and its Deferred share: whichever ends first.
template <class T>
struct AsioWait {
  explicit AsioWait(Promise<T> promise) : promise(std::move(promise)) {}
  Promise<T> promise;
  boost::asio::cancellation_signal signal;
};

template <class T>
class AsioHandler {
 public:
  using cancellation_slot_type = boost::asio::cancellation_slot;

  explicit AsioHandler(std::shared_ptr<AsioWait<T>> wait) : wait_(std::move(wait)) {}

  cancellation_slot_type get_cancellation_slot() const noexcept { return wait_->signal.slot(); }

  void operator()() { give(); }
  template <class First, class... Rest>
  void operator()(First&& first, Rest&&... rest) {
    if constexpr (std::is_same_v<std::decay_t<First>, boost::system::error_code>) {
      if (first) return promise().set_error(boost::system::system_error(first));
      give(std::forward<Rest>(rest)...);
    } else if constexpr (std::is_same_v<std::decay_t<First>, std::exception_ptr>) {
      if (first) return promise().set_error(Failure(std::exception_ptr(first)));
      give(std::forward<Rest>(rest)...);
    } else {
      give(std::forward<First>(first), std::forward<Rest>(rest)...);
    }
  }

 private:
  Promise<T>& promise() noexcept { return wait_->promise; }
  template <class... Values>
  void give(Values&&... values) {
    if constexpr (sizeof...(Values) == 0) {
      promise().set_value();
    } else {
      promise().set_value(T(std::forward<Values>(values)...));
    }
  }

  std::shared_ptr<AsioWait<T>> wait_;
};

}  // namespace detail
}  // namespace torc::host

template <class... Args>
class boost::asio::async_result<torc::host::use_deferred_t, void(Args...)> {
 public:
  using value_type = typename torc::host::detail::AsioResult<std::decay_t<Args>...>::type;
  using return_type = torc::Deferred<value_type>;

  template <class Initiation, class... Given>
  static return_type initiate(Initiation&& initiation, torc::host::use_deferred_t, Given&&... given) {
    auto [deferred, promise] = torc::make_deferred<value_type>();
    auto wait = std::make_shared<torc::host::detail::AsioWait<value_type>>(std::move(promise));
    wait->promise.on_cancel([shared = std::weak_ptr(wait)]() noexcept {
      if (const auto held = shared.lock()) held->signal.emit(cancellation_type::all);
    });
    std::forward<Initiation>(initiation)(torc::host::detail::AsioHandler<value_type>(std::move(wait)),
                                         std::forward<Given>(given)...);
    return std::move(deferred);
  }
};

namespace torc::host {

namespace detail {

template <class T>
struct AsioSignature {
  using type = void(std::exception_ptr, T);
};
template <>
struct AsioSignature<void> {
  using type = void(std::exception_ptr);
};

/// A Deferred that an Asio handler waits for. Owns itself until the handler is on its way.
template <class T, class Handler, class Executor>
class HandlerWaiter final : torc::detail::Waiter {
 public:
  HandlerWaiter(Deferred<T> deferred, Handler handler, const Executor& executor)
      : deferred_(std::move(deferred)), handler_(std::move(handler)), work_(executor) {}

  void begin() {
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) {
      slot.assign([self = self_](boost::asio::cancellation_type) {
        if (*self) (*self)->deferred_.cancel();
      });
    }
    if (deferred_.pending()) {
      (*deferred_.slot())->set_waiter(this);
    } else {
      complete();
    }
  }

 private:
  void inner_fired(torc::detail::Operation&) noexcept override { complete(); }

  // Always posted: Asio promises that no handler runs below the function that began the operation.
  void complete() noexcept {
    *self_ = nullptr;
    const auto executor = boost::asio::get_associated_executor(handler_, work_.get_executor());
    boost::asio::post(executor, [handler = std::move(handler_), outcome = deferred_.take()]() mutable {
      if constexpr (std::is_void_v<T>) {
        std::move(handler)(outcome ? std::exception_ptr() : outcome.error().exception());
      } else if (outcome) {
        std::move(handler)(std::exception_ptr(), *std::move(outcome));
      } else {
        std::move(handler)(outcome.error().exception(), T());
      }
    });
    delete this;
  }

  // What the cancellation slot knows, which may be asked later and is not to be cleared while it calls.
  std::shared_ptr<HandlerWaiter*> self_ = std::make_shared<HandlerWaiter*>(this);
  Deferred<T> deferred_;
  Handler handler_;
  boost::asio::executor_work_guard<Executor> work_;  // io_context::run() goes on while this waits
};

}  // namespace detail

/// Waits for `deferred` with an Asio completion token of signature void(std::exception_ptr, T), or
/// void(std::exception_ptr) for a Deferred<void>. The handler is posted to its executor, or to `executor`.
/// A failure gives a T{} beside it. Cancelling through the handler's slot cancels the Deferred.
template <class T, class Executor, class Token>
auto async_wait(Deferred<T> deferred, const Executor& executor, Token&& token) {
  return boost::asio::async_initiate<Token, typename detail::AsioSignature<T>::type>(
      [executor](auto handler, Deferred<T> waited) {
        using Handler = decltype(handler);
        (new detail::HandlerWaiter<T, Handler, Executor>(std::move(waited), std::move(handler), executor))->begin();
      },
      token, std::move(deferred));
}

}  // namespace torc::host
