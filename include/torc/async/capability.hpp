// Offers: what a scheduler can do beside time, for code that finds it there.
//
//   Offers<TcpInterface> offer{clock, network};    // code that runs on the clock connects through `network` now
//
// A capability is a small abstract class (TcpInterface, UnixInterface, Resolver). Code that needs one asks the scheduler
// that is current; on a Reactor it finds the system's without any offer. One thread: the scheduler's.
#pragma once

#include <torc/async/scheduler.hpp>

namespace torc {

namespace detail {

/// Its address stands for the type T. Not const, so that no linker merges two.
template <class T>
inline char capability_type = 0;

class Offer : public ListHook {
 public:
  Offer(Scheduler& scheduler, const void* type, void* object) noexcept : type_(type), object_(object) {
    scheduler.offers_.push_back(*this);
  }

 private:
  friend class torc::Scheduler;
  const void* type_;
  void* object_;
};

}  // namespace detail

/// Offers `object` as the T of `scheduler` while it lives, in front of what was offered before. Does not own it. May
/// outlive the scheduler.
template <class T>
class [[nodiscard]] Offers : private detail::Offer {
 public:
  Offers(Scheduler& scheduler, T& object) noexcept : Offer(scheduler, &detail::capability_type<T>, &object) {}
};

inline void* Scheduler::find_offer(const void* type) noexcept {
  void* found = nullptr;
  for (auto* offer = offers_.front(); offer; offer = offers_.next(*offer)) {
    if (offer->type_ == type) found = offer->object_;
  }
  return found;
}

template <class T>
T* Scheduler::find() noexcept {
  return offers_.empty() ? nullptr : static_cast<T*>(find_offer(&detail::capability_type<T>));
}

}  // namespace torc
