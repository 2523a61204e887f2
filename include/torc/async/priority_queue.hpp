// PriorityQueue<T>: a Queue that gives the least value first.
//
//   torc::PriorityQueue<Job, EarlierDeadline> jobs({.size = 100});
//
// Equal values come out in the order they went in; getters are served in the order they came. A value
// that goes straight to a waiting getter was alone in the queue. Functions, limits, cancellation and
// errors are those of Queue (torc/async/queue.hpp).
#pragma once

#include <torc/async/queue.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace torc {
namespace detail {

/// A heap with the value that `Less` puts first on top.
template <class T, class Less>
class HeapStore {
 public:
  explicit HeapStore(Less less) : less_(std::move(less)) {}

  void push(Numbered<T> item) {
    items_.push_back(std::move(item));
    std::push_heap(items_.begin(), items_.end(), later());
  }
  Numbered<T> pop() {
    std::pop_heap(items_.begin(), items_.end(), later());
    Numbered<T> first = std::move(items_.back());
    items_.pop_back();
    return first;
  }
  const Numbered<T>& front() const noexcept { return items_.front(); }
  std::size_t size() const noexcept { return items_.size(); }
  bool before(const T& a, std::uint64_t a_sequence, const T& b, std::uint64_t b_sequence) const {
    if (less_(a, b)) return true;
    return !less_(b, a) && a_sequence < b_sequence;
  }

 private:
  auto later() const {
    return [this](const Numbered<T>& a, const Numbered<T>& b) {
      return before(b.value, b.sequence, a.value, a.sequence);
    };
  }

  Less less_;
  std::vector<Numbered<T>> items_;
};

}  // namespace detail

/// `Less` must not throw. Destroying the queue destroys what it holds and fails those who wait with
/// BrokenPromise.
template <class T, class Less = std::less<T>>
class PriorityQueue final : public detail::QueueCore<T, detail::HeapStore<T, Less>> {
 public:
  explicit PriorityQueue(QueueLimits limits = {}, Less less = {})
      : detail::QueueCore<T, detail::HeapStore<T, Less>>(limits, detail::HeapStore<T, Less>(std::move(less))) {}
};

}  // namespace torc
