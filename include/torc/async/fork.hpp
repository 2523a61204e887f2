// fork: several waiters for one result.
//
//   auto shared = fork(load_config());
//   auto a = use(shared.get());
//   auto b = use(shared.get());     // one load, both get it
//
// Each fork is a Deferred of its own. Cancelling one ends only that one; cancelling the last that waits
// cancels the operation, and that fork ends with it. Dropping the last drops the operation: nobody waits
// for it any more. (To keep it going whoever comes and goes, keep a fork beside the SharedDeferred.)
// A SharedDeferred owns the operation only until the first get(), and the result while it lives.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/intrusive_list.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace torc {

namespace detail {

template <class T>
struct SharedOf {
  using type = std::conditional_t<std::is_copy_constructible_v<T>, T, std::shared_ptr<const T>>;
};
template <>
struct SharedOf<void> {
  using type = void;
};
/// What each fork gets: a copy, or where T cannot be copied a pointer to the one value.
template <class T>
using Shared = typename SharedOf<T>::type;

/// The operation that is shared and its waiters. Lives as long as a handle or a waiting fork.
template <class T>
class ForkedOperation final : public Waiter, public Pooled {
 public:
  using View = Shared<T>;

  explicit ForkedOperation(Deferred<T> source) : source_(std::move(source)) {
    if (source_.pending()) {
      (*source_.slot())->set_waiter(this);
    } else {
      keep(source_.take());
    }
  }

  void retain() noexcept { ++users_; }
  void release() noexcept {
    if (--users_ == 0) delete this;
  }

  bool pending() const noexcept { return !result_; }
  Deferred<View> get() {
    if (result_) return Deferred<View>(copy());
    return Deferred<View>(new Fork(*this));
  }

 private:
  class Fork final : public OperationOf<View>, public ListHook, public Pooled {
   public:
    explicit Fork(ForkedOperation& shared) noexcept : shared_(&shared) {
      shared.retain();
      shared.forks_.push_back(*this);
    }
    /// Gives the result, or Cancelled; the shared operation is no longer needed.
    void end(Outcome<View> outcome) noexcept {
      leave_shared();
      OperationOf<View>::fire(std::move(outcome));
    }

   private:
    void cancel_leaf() noexcept override {
      if (shared_->forks_.next(*this) || shared_->forks_.front() != this) return end(Failure(Cancelled{}));
      shared_->source_.cancel();  // we are the last: ours is the operation, and its end is ours
    }
    void discard() noexcept override { delete this; }
    void abandon() noexcept override {
      auto& shared = *shared_;
      unlink();
      if (shared.forks_.empty()) shared.drop_source();
      shared.release();
      delete this;
    }
    void leave_shared() noexcept {
      unlink();
      std::exchange(shared_, nullptr)->release();
    }

    ForkedOperation* shared_;
  };

  ~ForkedOperation() {
    if (!result_ || seen_ || result_->has_value() || result_->error().template check<Cancelled>()) return;
    report_unhandled(result_->error(), "in a shared result that nobody waited for");
  }

  void inner_fired(Operation&) noexcept override {
    const Firing firing;
    retain();
    keep(source_.take());
    while (Fork* fork = forks_.front()) fork->end(copy());
    release();
  }

  void drop_source() noexcept {
    result_.emplace(Failure(Cancelled{}));  // for whoever comes too late
    const Deferred<T> dropped = std::move(source_);
  }

  void keep(Outcome<T> outcome) noexcept {
    if constexpr (std::is_same_v<View, T>) {
      result_.emplace(std::move(outcome));
    } else if (outcome) {
      result_.emplace(View(std::make_shared<const T>(*std::move(outcome))));
    } else {
      result_.emplace(std::move(outcome).error());
    }
  }

  Outcome<View> copy() noexcept {
    seen_ = true;
    if (!*result_) return result_->error();
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      try {
        return View(**result_);
      } catch (...) {
        return Failure::current();
      }
    }
  }

  Deferred<T> source_;
  IntrusiveList<Fork> forks_;             // those that wait
  std::optional<Outcome<View>> result_;
  std::size_t users_ = 0;
  bool seen_ = false;
};

}  // namespace detail

/// Gives any number of Deferreds for one result. Copies share it. One thread.
template <class T>
class SharedDeferred {
 public:
  explicit SharedDeferred(Deferred<T> source) : shared_(new detail::ForkedOperation<T>(std::move(source))) {
    shared_->retain();
  }
  SharedDeferred(const SharedDeferred& other) noexcept : shared_(other.shared_) {
    if (shared_) shared_->retain();
  }
  SharedDeferred(SharedDeferred&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  SharedDeferred& operator=(SharedDeferred other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~SharedDeferred() {
    if (shared_) shared_->release();
  }

  /// One more waiter: gets a copy of the value, or a `std::shared_ptr<const T>` when T cannot be copied.
  /// Allocates nothing when the result is there. After the last waiter let go: fails with Cancelled.
  Deferred<detail::Shared<T>> get() const { return shared_->get(); }

  /// True until the result is there, or nobody waits for it any more.
  bool pending() const noexcept { return shared_->pending(); }

 private:
  detail::ForkedOperation<T>* shared_;
};

/// Makes the result of `source` one that many can wait for.
template <class T>
SharedDeferred<T> fork(Deferred<T> source) {
  return SharedDeferred<T>(std::move(source));
}

}  // namespace torc
