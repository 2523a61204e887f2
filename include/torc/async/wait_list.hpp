// WaitList<T>: who waits for a T from one place, first come, first served.
//
// The mechanism under Lock, Semaphore, Event, Condition, Barrier, the queues and Channel; users meet those. A
// waiter is the operation behind a Deferred and its own place in the list: one allocation for each wait.
//
// - give() puts a result in place and queues the waiter; it runs nobody's code. A public function that
//   gives opens a Firing first, so waiters run when it is done with its object (or when the firing it
//   was called from ends), and may destroy that object. A destructor that gives opens none: what it
//   gave is delivered by the next firing, or by the loop at the end of its turn, as with ~Promise.
// - A waiter that is cancelled or dropped leaves the list. One that was given something and is dropped
//   before that was taken destroys the result: a guard or a permit thereby goes to the next.
// - Waiters left at the list's end fail with BrokenPromise.
#pragma once

#include <torc/async/back_reference.hpp>
#include <torc/async/deferred.hpp>
#include <torc/base/intrusive_list.hpp>

#include <cstddef>
#include <utility>

namespace torc {

class Condition;

namespace detail {

template <class T>
class WaitList;

/// What waiters fail with when `what` ("a Lock") dies.
Failure destroyed_while_waiting(const char* what);

/// A wait in a WaitList, or one that was given its result.
template <class T>
class ListedWaiter : public OperationOf<T>, public ListHook, public Pooled {
 public:
  /// The result, for a waiter that is in no list any more. Runs nothing.
  void give(Outcome<T> outcome) noexcept {
    this->set(std::move(outcome));
    this->fire_later();
  }
  WaitSite site() const noexcept override;

 protected:
  friend class WaitList<T>;
  ListedWaiter() noexcept = default;
  virtual ~ListedWaiter() = default;

  /// Cancelled or dropped before it was given anything; already out of the list. Runs no user code.
  virtual void left() noexcept {}

  /// Ends a wait that is still in the list.
  void leave_with(Failure failure) noexcept {
    leave_list();
    Operation::fire(std::move(failure));
  }

  void cancel_leaf() noexcept override { leave_with(Failure(Cancelled{})); }
  void abandon() noexcept override {
    leave_list();
    delete this;
  }
  void discard() noexcept override { delete this; }

 private:
  void leave_list() noexcept {
    if (WaitList<T>* list = std::exchange(list_, nullptr)) list->remove(*this);
    left();
  }

  WaitList<T>* list_ = nullptr;
};

template <class T>
class WaitList {
 public:
  /// `what` the list belongs to, for the message of a BrokenPromise.
  explicit WaitList(const char* what) noexcept : what_(what) {}
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;
  ~WaitList() {
    if (!empty()) fail_all(destroyed_while_waiting(what_));
  }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  /// A new wait at the end of the list.
  Deferred<T> wait() {
    auto* waiter = new ListedWaiter<T>;
    add(*waiter);
    return Deferred<T>(waiter);
  }
  /// Puts `waiter`, which is in no list, at the end.
  void add(ListedWaiter<T>& waiter) noexcept {
    waiter.list_ = this;
    list_.push_back(waiter);
    ++size_;
  }
  ListedWaiter<T>* front() noexcept { return list_.front(); }
  /// Takes the first out, to be given something; null when nobody waits.
  ListedWaiter<T>* pop() noexcept {
    ListedWaiter<T>* first = list_.front();
    if (!first) return nullptr;
    remove(*first);
    first->list_ = nullptr;
    return first;
  }
  void fail_all(const Failure& failure) noexcept {
    while (ListedWaiter<T>* waiter = pop()) waiter->give(Failure(failure));
  }

 private:
  friend class ListedWaiter<T>;
  void remove(ListedWaiter<T>& waiter) noexcept {
    static_cast<ListHook&>(waiter).unlink();
    --size_;
  }

  IntrusiveList<ListedWaiter<T>> list_;
  std::size_t size_ = 0;
  const char* what_;
};

template <class T>
WaitSite ListedWaiter<T>::site() const noexcept {
  return list_ ? WaitSite{list_->what_} : WaitSite{};
}

/// The right to something an Owner has handed out: a lock's guard, a semaphore's permit. Its end
/// gives the right back, to the first who waits. Move-only; may outlive the Owner.
template <class Owner>
class [[nodiscard("dropping it gives it back at once: keep it while it is needed")]] Held final {
 public:
  /// Holds nothing.
  Held() noexcept = default;
  Held(Held&&) noexcept = default;
  Held& operator=(Held&& other) noexcept {
    if (this != &other) {
      let_go();
      owner_ = std::move(other.owner_);
    }
    return *this;
  }
  /// As release(), but whoever gets it next runs later: in the next firing or at the end of the turn.
  ~Held() { let_go(); }

  /// True while it holds: not when moved from or released, nor when what it held is gone.
  explicit operator bool() const noexcept { return owner_.get() != nullptr; }

  /// Gives it back. The first who waits owns it from now on, and runs before this returns, or after the
  /// current firing. Does nothing when it holds nothing.
  void release() noexcept {
    const Firing firing;
    let_go();
  }

 private:
  friend Owner;
  friend class torc::Condition;
  explicit Held(Owner& owner) noexcept : owner_(owner) {}
  void let_go() noexcept {
    if (Owner* owner = owner_.release()) owner->released();
  }

  BackReference<Owner> owner_;
};

}  // namespace detail
}  // namespace torc
