// A doubly linked ring whose nodes live in their owners: linking allocates nothing, and an owner that
// dies takes itself out. Used by timers, posted work, children of task sets, connections of a port.
#pragma once

namespace torc::detail {

/// A place in at most one list. Destroying it leaves the list.
class ListHook {
 public:
  ListHook() noexcept = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { unlink(); }

  bool linked() const noexcept { return next_ != this; }
  void unlink() noexcept {
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = this;
  }

 private:
  template <class T>
  friend class IntrusiveList;
  void insert_before(ListHook& place) noexcept {
    previous_ = place.previous_;
    next_ = &place;
    previous_->next_ = this;
    place.previous_ = this;
  }

  ListHook* next_ = this;
  ListHook* previous_ = this;
};

/// A first-in, first-out ring of `T`, which derives from ListHook. Does not own its elements;
/// elements left at its end are unlinked.
template <class T>
class IntrusiveList {
 public:
  IntrusiveList() noexcept = default;
  ~IntrusiveList() {
    while (head_.linked()) head_.next_->unlink();
  }

  bool empty() const noexcept { return !head_.linked(); }
  T* front() noexcept { return empty() ? nullptr : static_cast<T*>(head_.next_); }
  /// The element after `element`, or null at the end.
  T* next(T& element) noexcept {
    ListHook* hook = static_cast<ListHook&>(element).next_;
    return hook == &head_ ? nullptr : static_cast<T*>(hook);
  }
  void push_back(T& element) noexcept {
    static_cast<ListHook&>(element).unlink();
    static_cast<ListHook&>(element).insert_before(head_);
  }
  T* pop_front() noexcept {
    T* first = front();
    if (first) static_cast<ListHook*>(first)->unlink();
    return first;
  }
  /// Moves all of `other` behind what is here.
  void take(IntrusiveList& other) noexcept {
    if (other.empty()) return;
    ListHook* first = other.head_.next_;
    ListHook* last = other.head_.previous_;
    other.head_.next_ = other.head_.previous_ = &other.head_;
    first->previous_ = head_.previous_;
    head_.previous_->next_ = first;
    last->next_ = &head_;
    head_.previous_ = last;
  }

 private:
  ListHook head_;
};

}  // namespace torc::detail
